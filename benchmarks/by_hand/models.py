"""The hand-written models, by name; each has `run` and `available`."""

import c_keyed
import ciw_model
import numpy_keyed
import plain_python
import salabim_model
import simpy_model

MODELS = {
    "NumPy": numpy_keyed,
    "C": c_keyed,
    "plain Python": plain_python,
    "SimPy": simpy_model,
    "salabim": salabim_model,
    "Ciw": ciw_model,
}
