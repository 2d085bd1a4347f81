/* One source at m stations in one precision: geometry in float64 (differences of map coordinates), the fields
 * in REAL. Returns whether any value is not finite. Included after okada_fields.h. */

static inline __attribute__((always_inline)) int NAME(rows)(
    const struct rectangle *f, long m, const double *east, const double *north, REAL *out)
{
    double de[BLOCK], dn[BLOCK];
    REAL x1[BLOCK], x2[BLOCK], e1[BLOCK], e2[BLOCK], q[BLOCK], y1[BLOCK], y2[BLOCK];
    REAL ue[BLOCK], un[BLOCK], uu[BLOCK], pe[BLOCK], pn[BLOCK], pu[BLOCK], xc[BLOCK], pc[BLOCK], yc[BLOCK];
    double far[BLOCK];
    const double centre = (f->deep + f->shallow) / 2;
    const double reach = 4 / (FAR * FAR) / (f->length * f->length + f->width * f->width);
    const BITS one_exponent = (BITS)1 << MANTISSA, sign = (BITS)1 << (8 * sizeof(BITS) - 1);
    BITS overflow = 0;
    const double half_length = f->length / 2, half_width = f->width / 2 * f->cos;

    for (long first = 0; first < m; first += BLOCK) {
        const long n = m - first < BLOCK ? m - first : BLOCK, full = (n + LANES - 1) / LANES * LANES;
        for (long i = 0; i < n; i++) {
            de[i] = (east[first + i] - f->east) * f->unit;
            dn[i] = (north[first + i] - f->north) * f->unit;
        }
        for (long i = n; i < full; i++) {
            de[i] = de[n - 1];
            dn[i] = dn[n - 1];
        }
        for (long i = 0; i < full; i++) {
            const double x = de[i] * f->sin_strike + dn[i] * f->cos_strike + half_length;
            const double y = dn[i] * f->sin_strike - de[i] * f->cos_strike + half_width;
            const double p = y * f->cos + f->deep * f->sin;
            x1[i] = (REAL)x;
            x2[i] = (REAL)(x - f->length);
            e1[i] = (REAL)p;
            e2[i] = (REAL)(p - f->width);
            q[i] = (REAL)(y * f->sin - f->deep * f->cos);
            y1[i] = (REAL)y;
            y2[i] = (REAL)(y - 2 * half_width);
            xc[i] = (REAL)(x - half_length);
            pc[i] = (REAL)(p - f->width / 2);
            yc[i] = (REAL)(y - half_width);
            /* squared distance in half diagonals over FAR^2 */
            far[i] = ((x - half_length) * (x - half_length) + (y - half_width) * (y - half_width)
                      + centre * centre) * reach;
        }
        double nearest = far[0], farthest = far[0];
        for (long i = 1; i < full; i++) {
            nearest = MIN(nearest, far[i]);
            farthest = MAX(farthest, far[i]);
        }
        if (nearest < 1)
            NAME(fields)(f, full, x1, x2, e1, e2, q, y1, y2, ue, un, uu);
        if (farthest >= 1) {
            NAME(points)(f, full, xc, pc, q, yc, pe, pn, pu);
            for (long i = 0; i < full; i++)
                if (far[i] >= 1) {
                    ue[i] = pe[i];
                    un[i] = pn[i];
                    uu[i] = pu[i];
                }
        }
        /* an exponent of ones overflows into the sign; the compiler may assume that isfinite() holds */
        for (long i = 0; i < full; i++) {
            BITS be, bn, bu;
            __builtin_memcpy(&be, ue + i, sizeof be);
            __builtin_memcpy(&bn, un + i, sizeof bn);
            __builtin_memcpy(&bu, uu + i, sizeof bu);
            overflow |= ((be & ~sign) + one_exponent) | ((bn & ~sign) + one_exponent)
                        | ((bu & ~sign) + one_exponent);
        }
        for (long i = 0; i < n; i++) {
            out[3 * (first + i)] = ue[i];
            out[3 * (first + i) + 1] = un[i];
            out[3 * (first + i) + 2] = uu[i];
        }
    }
    return (overflow & sign) != 0;
}
