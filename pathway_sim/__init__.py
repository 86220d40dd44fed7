"""Regulatory pathway simulator: when will a therapy be available, with what probability, and why."""

__version__ = "0.1.0"
