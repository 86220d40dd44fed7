/* Run a TestU01 battery on raw little-endian 64-bit words read from standard input.

   L'Ecuyer & Simard (2007), TestU01: a C library for empirical testing of random number generators,
   ACM Transactions on Mathematical Software 33(4), 22, doi:10.1145/1268776.1268777.

       cc -O2 -o testu01_stdin testu01_stdin.c -ltestu01 -ltestu01probdist -ltestu01mylib -lm
       python draws_stream.py | ./testu01_stdin small|crush|big  high|low|both

   TestU01 looks at 32-bit numbers and mostly at their leading bits.  A uniform number is made of bits 12 to 63 of a
   word, so the 32-bit number of each word is one of
       high   bits 63 .. 32, the leading bits of the uniform number;
       low    bits 12 .. 43 in reverse, so that the last bits of the uniform number lead;
       both   bits 63 .. 32 and then bits 0 .. 31 in reverse, all 64 bits.  Here the two halves must not overlap: the
              twelve bits which high and low share would be a dependence of the test's own making.              */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <testu01/bbattery.h>
#include <testu01/swrite.h>
#include <testu01/unif01.h>

enum { BUFFER = 1 << 15 };

static uint64_t buffer[BUFFER];
static size_t filled, used;
static unsigned long long consumed;
static int low_pending;
static uint64_t pending;

static uint64_t next_word(void)
{
    if (used == filled) {
        filled = fread(buffer, sizeof buffer[0], BUFFER, stdin);
        used = 0;
        if (filled == 0) {
            fprintf(stderr, "the input ended after %llu words\n", consumed);
            exit(2);
        }
    }
    consumed++;
    return buffer[used++];
}

static unsigned int reversed(uint32_t x)
{
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0F0F0F0Fu) | (x & 0x0F0F0F0Fu) << 4;
    return __builtin_bswap32(x);
}

static unsigned int high(void) { return (unsigned int)(next_word() >> 32); }

static unsigned int low(void) { return reversed((uint32_t)(next_word() >> 12)); }

static unsigned int both(void)
{
    low_pending = !low_pending;
    if (!low_pending)
        return reversed((uint32_t)pending);
    pending = next_word();
    return (unsigned int)(pending >> 32);
}

int main(int argc, char **argv)
{
    unsigned int (*part)(void) = NULL;
    if (argc == 3)
        part = !strcmp(argv[2], "high") ? high : !strcmp(argv[2], "low") ? low : !strcmp(argv[2], "both") ? both : NULL;
    if (part == NULL) {
        fprintf(stderr, "usage: %s small|crush|big high|low|both < words\n", argv[0]);
        return 2;
    }
    swrite_Basic = FALSE; /* the summary is enough */
    unif01_Gen *gen = unif01_CreateExternGenBits(argv[2], part);
    if (!strcmp(argv[1], "small"))
        bbattery_SmallCrush(gen);
    else if (!strcmp(argv[1], "crush"))
        bbattery_Crush(gen);
    else
        bbattery_BigCrush(gen);
    unif01_DeleteExternGenBits(gen);

    /* Every p-value, since the summary shows only those outside [0.001, 0.999]. */
    printf("\nwords read: %llu\n", consumed);
    for (int i = 0; i < bbattery_NTests; i++)
        printf("p %3d  %-32s %.6g\n", i + 1, bbattery_TestNames[i], bbattery_pVal[i]);
    return 0;
}
