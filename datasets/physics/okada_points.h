/* Displacement at stations that are far from a rectangle for its size: point sources (Okada 1985, equations
 * 8-10) at the 3 x 3 nodes of Gauss and Legendre. The closed form of okada_fields.h loses (R / size)^2 there.
 * Compiled like okada_fields.h; xs, ps, ys are the station's coordinates from the centroid. */

static inline __attribute__((always_inline)) void NAME(points)(
    const struct rectangle *f, long n, const REAL *restrict xs, const REAL *restrict ps, const REAL *restrict qs,
    const REAL *restrict ys, REAL *restrict east, REAL *restrict north, REAL *restrict up)
{
    static const double node[3] = {-0.38729833462074168852, 0.0, 0.38729833462074168852};
    static const double weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    const REAL s = (REAL)f->sin, c = (REAL)f->cos, k = (REAL)f->k, sc = s * c, ss = s * s;
    const REAL st = (REAL)f->sin_strike, ct = (REAL)f->cos_strike;

    for (long i = 0; i < n; i++)
        east[i] = north[i] = up[i] = 0;
    for (int a = 0; a < 9; a++) {
        const REAL ga = (REAL)(node[a / 3] * f->length), gw = (REAL)(node[a % 3] * f->width);
        const REAL gc = gw * c, d = (REAL)((f->deep + f->shallow) / 2 - node[a % 3] * f->width * f->sin);
        const double area = weight[a / 3] * weight[a % 3] * f->length * f->width;
        const REAL u1 = (REAL)(f->u1 * area), u2 = (REAL)(f->u2 * area), u3 = (REAL)(f->u3 * area);
#pragma GCC ivdep
        for (long i = 0; i < n; i++) {
            const REAL x = xs[i] - ga, p = ps[i] - gw, y = ys[i] - gc, q = qs[i];
            const REAL xx = x * x, rr = xx + p * p + q * q, r = SQRT(rr), rd = r + d;
            const REAL v = 1 / (rr * r * rd * rd * rd), r3 = v * rd * rd * rd;
            const REAL t = v * (3 * r + d), w = v * rd * (2 * r + d), near = v * rr * rd;
            const REAL I1 = k * y * (near - xx * t), I2 = k * x * (near - y * y * t);
            const REAL I3 = k * x * r3 - I2, I4 = -k * x * y * w, I5 = k * (near * rd - xx * w);
            const REAL g = 3 * r3 / rr * q, both = g * (u3 * q - u1 * x - u2 * p);
            const REAL slip = u2 * sc - u3 * ss, turn = u1 * s;
            const REAL ux = both * x + slip * I3 - turn * I1, uy = both * y + slip * I1 - turn * I2;
            east[i] += ux * st - uy * ct;
            north[i] += ux * ct + uy * st;
            up[i] += both * d + slip * I5 - turn * I4;
        }
    }
}
