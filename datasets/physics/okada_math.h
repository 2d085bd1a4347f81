/* Logarithm and arctangent of one precision as straight-line code, so that loops that use them vectorise.
 *
 * Included once per precision with REAL, BITS (unsigned integer of the same size), NAME(x), MANTISSA (bits of
 * the fraction), BIAS (exponent of 1.0), MAGIC (bits of 2^MANTISSA) and the two polynomials defined.
 * ATAN_POLY(z): (atan(u)/u - 1)/z, z = u*u, |u| <= tan(pi/8); LOG_POLY(w): (atanh(s)/s - 1)/w, w = s*s,
 * |s| <= (sqrt(2) - 1)^2. Both are Chebyshev interpolants good to the last bit of the function.
 */

/* Angle of (x, y) in -pi ... pi. Where it is formed without any shift (|y| <= tan(pi/8) x), *plain is 1 and
 * *cubic is (atan(u)/u - 1)/u^2 at u = y/x; otherwise *plain is 0. */
static inline __attribute__((always_inline)) REAL NAME(angle)(REAL y, REAL x, REAL *cubic, REAL *plain)
{
    const REAL quarter_pi = (REAL)0.78539816339744830962, half_pi = (REAL)1.57079632679489661923;
    REAL ay = FABS(y), ax = FABS(x);
    REAL small = ay > ax ? ax : ay, large = ay > ax ? ay : ax;
    REAL shifted = small > (REAL)0.41421356237309504880 * large ? (REAL)1 : (REAL)0;
    REAL u = (small - shifted * large) / (large + shifted * small);
    REAL z = u * u, k = ATAN_POLY(z);
    REAL a = shifted * quarter_pi + (u + u * z * k);
    a = ay > ax ? half_pi - a : a;
    a = x < 0 ? 2 * half_pi - a : a;
    *cubic = k;
    *plain = ay <= (REAL)0.41421356237309504880 * x ? (REAL)1 : (REAL)0;
    return COPYSIGN(a, y);
}

/* log(1 + t) for t > -1, relatively accurate near 0. Where no power of two is taken out (1 + t within
 * sqrt(1/2) ... sqrt(2)), *plain is 1 and *square is (log(1 + t) - t)/t^2. */
static inline __attribute__((always_inline)) REAL NAME(log_1p)(REAL t, REAL *square, REAL *plain)
{
    const BITS half_root = SQRT_HALF_BITS;
    REAL y = 1 + t;
    BITS bits, biased, whole;
    __builtin_memcpy(&bits, &y, sizeof bits);
    biased = (bits - half_root + ((BITS)BIAS << MANTISSA)) >> MANTISSA;
    bits -= (biased - (BITS)BIAS) << MANTISSA;
    whole = biased | MAGIC;
    REAL m, e;
    __builtin_memcpy(&m, &bits, sizeof m);
    __builtin_memcpy(&e, &whole, sizeof e);
    e -= (REAL)((BITS)1 << MANTISSA) + BIAS;
    REAL n = e == 0 ? t : m - 1;
    REAL h = 1 / (2 + n), s = n * h, w = s * s, k = LOG_POLY(w);
    *square = 2 * s * h * h * k - h;
    *plain = e == 0 ? (REAL)1 : (REAL)0;
    return e * (REAL)0.69314718055994530942 + 2 * (s + s * w * k);
}
