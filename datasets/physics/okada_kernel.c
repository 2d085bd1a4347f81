/* slipbench.datasets.physics._okada: Okada (1985) surface displacement for okada.py, one source at a time over
 * all stations.
 *
 * The same loop is compiled for several instruction sets and chosen at run time, so that one wheel serves every
 * machine. Stations go through buffers that are filled up to a multiple of the widest vector: every station is
 * worked on by the same instructions wherever it stands in its row. Compiled without contraction to fused
 * multiply-adds (pyproject.toml), the instruction sets agree to the last bit; that costs a tenth of the speed.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <math.h>
#include <stdint.h>

#if !defined(__GNUC__)
#define __attribute__(x)
#endif

/* One source, as rows of the array that okada.py hands over; lengths in any unit. */
struct rectangle {
    double east, north, sin_strike, cos_strike; /* centroid; strike */
    double sin, cos;                            /* dip */
    double length, width, deep, shallow;        /* depth of the lower and the upper edge */
    double u1, u2, u3, k;                       /* dislocation over 2 pi; mu / (lambda + mu) */
    double unit;                                /* a power of two that brings lengths near 1 */
};

enum { BLOCK = 256, LANES = 16 };

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))

#define REAL double
#define BITS uint64_t
#define NAME(x) x##_f64
#define SQRT __builtin_sqrt
#define FABS __builtin_fabs
#define COPYSIGN __builtin_copysign
#define MANTISSA 52
#define FAR 80.0 /* half diagonals beyond which a rectangle is summed from point sources */
#define BIAS 1023
#define MAGIC 0x4330000000000000u
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdu
#define ATAN_POLY(z)                                                                                          \
    (-0.333333333333333302 + z * (0.199999999999955165 + z * (-0.142857142846656808                           \
    + z * (0.111111110151870187 + z * (-0.0909090457530648908 + z * (0.0769218312537689209                    \
    + z * (-0.066645105255089366 + z * (0.0585814090486632828 + z * (-0.0508540783458948426                   \
    + z * (0.0392304477847930952 + z * -0.0191754047111049337))))))))))
#define LOG_POLY(w)                                                                                           \
    (0.333333333333333484 + w * (0.199999999999497216 + w * (0.142857143130016344                             \
    + w * (0.111111055651299385 + w * (0.0909144472783747302 + w * (0.0766585530910538578                     \
    + w * 0.0730829271244431099))))))
#include "okada_math.h"
#include "okada_fields.h"
#include "okada_points.h"
#include "okada_rows.h"
#undef REAL
#undef BITS
#undef NAME
#undef SQRT
#undef FABS
#undef COPYSIGN
#undef MANTISSA
#undef FAR
#undef BIAS
#undef MAGIC
#undef SQRT_HALF_BITS
#undef ATAN_POLY
#undef LOG_POLY

#define REAL float
#define BITS uint32_t
#define NAME(x) x##_f32
#define SQRT __builtin_sqrtf
#define FABS __builtin_fabsf
#define COPYSIGN __builtin_copysignf
#define MANTISSA 23
#define FAR 6.0
#define BIAS 127
#define MAGIC 0x4b000000u
#define SQRT_HALF_BITS 0x3f3504f3u
#define ATAN_POLY(z)                                                                                          \
    (-0.3333333176f + z * (0.1999954031f + z * (-0.1426394975f + z * (0.1074366832f + z * -0.06451718869f))))
#define LOG_POLY(w) (0.3333334252f + w * (0.1999438914f + w * 0.1479002652f))
#include "okada_math.h"
#include "okada_fields.h"
#include "okada_points.h"
#include "okada_rows.h"

/* The instruction sets; the name is what okada.py reports. */
typedef int work_f64(const struct rectangle *, long, const double *, const double *, double *);
typedef int work_f32(const struct rectangle *, long, const double *, const double *, float *);

#define VARIANT(set, ...)                                                                                     \
    __VA_ARGS__ static int rows_f64_##set(const struct rectangle *f, long m, const double *e,                \
                                           const double *n, double *out)                                      \
    {                                                                                                         \
        return rows_f64(f, m, e, n, out);                                                                            \
    }                                                                                                         \
    __VA_ARGS__ static int rows_f32_##set(const struct rectangle *f, long m, const double *e,                \
                                           const double *n, float *out)                                       \
    {                                                                                                         \
        return rows_f32(f, m, e, n, out);                                                                            \
    }

VARIANT(base, )
#if defined(__x86_64__) && defined(__GNUC__)
#define MANY_SETS 1
VARIANT(avx2, __attribute__((target("avx2,fma"))))
VARIANT(avx512, __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,fma,prefer-vector-width=512"))))
#endif

static const struct {
    const char *name;
    work_f64 *f64;
    work_f32 *f32;
} SETS[] = {
    {"base", rows_f64_base, rows_f32_base},
#ifdef MANY_SETS
    {"avx2", rows_f64_avx2, rows_f32_avx2},
    {"avx512", rows_f64_avx512, rows_f32_avx512},
#endif
};

/* How many of SETS this machine can run; they are in rising order. */
static int usable(void)
{
    int count = 1;
#ifdef MANY_SETS
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        count = 2;
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
            count = 3;
    }
#endif
    return count;
}

static PyObject *sets(PyObject *self, PyObject *unused)
{
    int count = usable();
    PyObject *names = PyTuple_New(count);
    for (int i = 0; names && i < count; i++)
        PyTuple_SetItem(names, i, PyUnicode_FromString(SETS[i].name));
    return names;
}

static PyObject *fill(PyObject *self, PyObject *args)
{
    int set, single, shared, odd = 0;
    Py_buffer faults, east, north, out;
    if (!PyArg_ParseTuple(args, "ippy*y*y*w*", &set, &single, &shared, &faults, &east, &north, &out))
        return NULL;
    const Py_ssize_t n = faults.len / (Py_ssize_t)sizeof(struct rectangle);
    const Py_ssize_t m = east.len / (Py_ssize_t)sizeof(double) / (shared || n == 0 ? 1 : n);
    const Py_ssize_t item = single ? sizeof(float) : sizeof(double), rows = shared ? 1 : n;
    const int fits = set >= 0 && set < usable() && faults.len == n * (Py_ssize_t)sizeof(struct rectangle)
                     && east.len == rows * m * (Py_ssize_t)sizeof(double) && north.len == east.len
                     && out.len == n * m * 3 * item;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n; i++) {
            const struct rectangle *f = (const struct rectangle *)faults.buf + i;
            const double *e = (const double *)east.buf + (shared ? 0 : i * m);
            const double *v = (const double *)north.buf + (shared ? 0 : i * m);
            if (single)
                odd |= SETS[set].f32(f, (long)m, e, v, (float *)out.buf + 3 * i * m);
            else
                odd |= SETS[set].f64(f, (long)m, e, v, (double *)out.buf + 3 * i * m);
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&faults);
    PyBuffer_Release(&east);
    PyBuffer_Release(&north);
    PyBuffer_Release(&out);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "buffers do not fit each other, or no such instruction set");
        return NULL;
    }
    return PyBool_FromLong(odd);
}

static PyMethodDef METHODS[] = {
    {"sets", sets, METH_NOARGS, "Names of the instruction sets that this machine can run, slowest first."},
    {"fill", fill, METH_VARARGS,
     "fill(set, single, shared, faults, east, north, out): displacement of n faults at m stations; True when some\n"
     "value is not finite."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef MODULE = {
    PyModuleDef_HEAD_INIT, "_okada", "Compiled kernel of okada.py.", -1, METHODS, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__okada(void) { return PyModule_Create(&MODULE); }
