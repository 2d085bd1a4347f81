/* Displacement of many stations by one rectangle: the loop that okada_kernel.c compiles once per precision and
 * instruction set. Notation of Okada (1985); corner (i, j) is xi_i in {x, x - L}, eta_j in {p, p - W}, with sign
 * + for i = j and - otherwise. D is a difference over j, S the signed sum over the four corners.
 *
 * What is not as printed, and why:
 * - Differences of two corners are formed in closed form (R1 - R2 = W (eta1 + eta2) / (R1 + R2) and so on), so
 *   that a small fault far away keeps its digits; R + eta comes from its conjugate where it would cancel, and
 *   D[1 / (R (R + eta))] = -D[eta / R] / (R^2 - eta^2) needs no R + eta at all.
 * - S[theta] is the solid angle of the rectangle: one arctangent of a product of four complex numbers.
 * - S[I5] likewise; S[ln(R + eta)] is one logarithm of a ratio, S[ln((R + eta) / (R + d))] another.
 * - The 1/cos(dip) of I1 ... I5 cancels; with c = cos, s = sin, Q = (1 + s)(R + eta) - q c > 0, X = xi / Q,
 *   a = (eta c / (1 + s) + q) / (R + d), 1 + c a = (R + eta) / (R + d), 1 + c A the product of the 1 + c a:
 *     S[I5] = -2 / c S[atan(c X)],  S[I4] = -ln(1 + c A) / c + c / (1 + s) S[ln(R + eta)],
 *     S[I3] = (S[eta / (R + d)] - S[ln(R + eta)]) / (1 + s) + s / c (S[a] - ln(1 + c A) / c),
 *     S[I1] = -S[xi / (R + d)] / c + 2 s / c^2 S[atan(c X)],
 *   the last two expanded so that the small c is divided out by hand.
 *
 * A corner where R, R + eta or R + xi is 0 gives a value that is not finite; okada.py works such stations out
 * with okada_numpy.py.
 */

static inline __attribute__((always_inline)) void NAME(fields)(
    const struct rectangle *f, long n, const REAL *restrict xs1, const REAL *restrict xs2,
    const REAL *restrict es1, const REAL *restrict es2, const REAL *restrict qs, const REAL *restrict ys1,
    const REAL *restrict ys2, REAL *restrict east, REAL *restrict north, REAL *restrict up)
{
    const REAL s = (REAL)f->sin, c = (REAL)f->cos, length = (REAL)f->length, width = (REAL)f->width;
    const REAL d1 = (REAL)f->deep, d2 = (REAL)f->shallow, k = (REAL)f->k, u1 = (REAL)f->u1, u2 = (REAL)f->u2;
    const REAL u3 = (REAL)f->u3, st = (REAL)f->sin_strike, ct = (REAL)f->cos_strike;
    const REAL inv_one = 1 / (1 + s), one = 1 + s, cc = c * c, c_one = c * inv_one, two_s = 2 * s;
    const REAL inv_c = c == 0 ? 0 : 1 / c, inv_cc = inv_c * inv_c, wc = width * c, ws = width * s;
    const REAL wc_one = width * c_one, sc = s * c, ss = s * s, lw = length * width;
    const REAL two_pi = (REAL)6.28318530717958647693;

#pragma GCC ivdep
    for (long i = 0; i < n; i++) {
        const REAL x1 = xs1[i], x2 = xs2[i], e1 = es1[i], e2 = es2[i], q = qs[i], y1 = ys1[i], y2 = ys2[i];
        const REAL qq = q * q, xx1 = x1 * x1, xx2 = x2 * x2, ee1 = e1 * e1, ee2 = e2 * e2;
        const REAL rho1 = xx1 + qq, rho2 = xx2 + qq, tau1 = ee1 + qq, tau2 = ee2 + qq;
        const REAL r11 = SQRT(rho1 + ee1), r12 = SQRT(rho1 + ee2);
        const REAL r21 = SQRT(rho2 + ee1), r22 = SQRT(rho2 + ee2);
        const REAL ae1 = FABS(e1), ae2 = FABS(e2), ee = e1 + e2, xx = x1 + x2;

        /* R + eta and its inverse */
#define R_ETA(re, ire, r, e, ae, rho)                                                                          \
    const REAL g_##re = (r) + (ae), v_##re = 1 / (g_##re * ((e) < 0 ? (rho) : (REAL)1));                        \
    const REAL re = (e) < 0 ? (rho) * (rho) * v_##re : g_##re;                                                  \
    const REAL ire = (e) < 0 ? g_##re * g_##re * v_##re : v_##re;
        R_ETA(re11, ire11, r11, e1, ae1, rho1)
        R_ETA(re12, ire12, r12, e2, ae2, rho1)
        R_ETA(re21, ire21, r21, e1, ae1, rho2)
        R_ETA(re22, ire22, r22, e2, ae2, rho2)

        /* 1 / (R R'), D[R], D[R + eta], D[1 / (R (R + eta))] for either xi */
        const REAL same_e = e1 * e2, same_x = x1 * x2;
#define OVER_ETA(a, ra1, ra2, rea1, rea2, rho)                                                                 \
    const REAL m##a = e1 * (ra2), n##a = e2 * (ra1), z##a = same_e > 0 ? m##a + n##a : (rho);                       \
    const REAL rr##a = (ra1) * (ra2), t##a = (ra1) + (ra2), v##a = 1 / (rr##a * t##a * z##a);                   \
    const REAL irr##a = v##a * t##a * z##a, it##a = v##a * rr##a * z##a;                                        \
    const REAL dr##a = width * ee * it##a, de##a = width * ((rea1) + (rea2)) * it##a;                           \
    const REAL E##a = -(same_e > 0 ? width * ee : m##a - n##a) * (v##a * t##a);
        OVER_ETA(1, r11, r12, re11, re12, rho1)
        OVER_ETA(2, r21, r22, re21, re22, rho2)

        /* difference over xi of 1 / (R (R + xi)) for either eta */
#define OVER_XI(b, r1b, r2b, tau)                                                                              \
    const REAL f##b = x1 * (r2b), h##b = x2 * (r1b);                                                            \
    const REAL H##b = -(same_x > 0 ? length * xx : f##b - h##b)                                                     \
                      / ((r1b) * (r2b) * (same_x > 0 ? f##b + h##b : (tau)));
        OVER_XI(1, r11, r21, tau1)
        OVER_XI(2, r12, r22, tau2)

        const REAL E = E1 - E2, F = irr1 * r11 * ire12 - irr2 * r21 * ire22;
        const REAL s_xi = q * (x1 * E1 - x2 * E2), s_q = qq * E, s_r = q * (dr2 * irr2 - dr1 * irr1);
        const REAL s_y = q * (y1 * E + wc * F), s_d = q * (d1 * E + ws * F);
        const REAL s_e = q * (de2 * ire21 * ire22 - de1 * ire11 * ire12);
        const REAL h_y = q * (y1 * H1 - y2 * H2), h_d = q * (d1 * H1 - d2 * H2);

        /* solid angle: product of |q| R + i xi eta, conjugated where the sign is - */
        const REAL aq = FABS(q);
        const REAL p11 = aq * r11, p12 = aq * r12, p21 = aq * r21, p22 = aq * r22;
        const REAL i11 = x1 * e1, i12 = x1 * e2, i21 = x2 * e1, i22 = x2 * e2;
        const REAL ar = p11 * p12 + i11 * i12, ai = i11 * p12 - p11 * i12;
        const REAL br = p22 * p21 + i22 * i21, bi = i22 * p21 - p22 * i21;
        const REAL cr = ar * br - ai * bi, ci = ar * bi + ai * br;
        REAL cubic, plain;
        REAL theta = NAME(angle)(ci, cr, &cubic, &plain);
        /* 0 ... 2 pi; a small negative angle is rounding unless the station is close above the inside */
        const REAL turn = MIN(cr, MAX(MAX(same_x, same_e), qq - lw)) < 0 ? two_pi : 0;
        theta = theta < 0 ? theta + turn : theta;
        theta = q == 0 ? 0 : COPYSIGN(theta, q);

        /* 1 / (R + d) and 1 / Q, and the share of I1 that is formed corner by corner */
        const REAL qc = q * c, q1 = q * (1 - two_s);
#define CORNER(ij, r, e, d, re)                                                                                \
    const REAL den##ij = (r) + (d), Q##ij = one * (re) - qc, iv##ij = 1 / (den##ij * Q##ij);                    \
    const REAL id##ij = iv##ij * Q##ij, iq##ij = iv##ij * den##ij;                                              \
    const REAL j##ij = iv##ij * (q1 - c_one * ((re) + two_s * (e)));                                            \
    const REAL a##ij = (c_one * (e) + q) * id##ij;
        CORNER(11, r11, e1, d1, re11)
        CORNER(12, r12, e2, d2, re12)
        CORNER(21, r21, e1, d1, re21)
        CORNER(22, r22, e2, d2, re22)

        /* S[atan(c X)] = c V atan(c V) / (c V) */
        const REAL X11 = x1 * iq11, X12 = x1 * iq12, X21 = x2 * iq21, X22 = x2 * iq22;
        const REAL s1 = -X11 * one * de1 * iq12, s2 = X22 * one * de2 * iq21;
        const REAL xa = X11 * X12, xb = X22 * X21, g1 = 1 + cc * xa, g2 = 1 + cc * xb, ig = 1 / (g1 * g2);
        const REAL Y1 = s1 * g2 * ig, Y2 = s2 * g1 * ig, re = 1 - cc * Y1 * Y2, im = Y1 + Y2;
        const REAL phi = NAME(angle)(c * im, re, &cubic, &plain);
        const REAL V = im / re, VV = V * V;
        const REAL atan_c = plain != 0 ? V + cc * V * VV * cubic : phi * inv_c;
        const REAL rest = plain != 0 ? c * (Y1 * Y2 * V - xa * Y1 - xb * Y2 + V * VV * cubic)
                                     : (phi - c * (s1 + s2)) * inv_cc;
        const REAL I1 = k * (x1 * (j11 - j12) - x2 * (j21 - j22) + two_s * rest);
        const REAL I5 = -2 * k * atan_c;

        /* the two logarithms */
        REAL square;
        const REAL log_e = NAME(log_1p)((de1 * re22 - de2 * re12) * ire12 * ire21, &square, &plain);
        const REAL w1 = dr1 + ws, w2 = dr2 + ws;
        const REAL b1 = (wc_one - a11 * w1) * ire12, b2 = (a22 * w2 - wc_one) * ire21;
        const REAL A = b1 + b2 + c * b1 * b2, t = c * A;
        const REAL log_a = NAME(log_1p)(t, &square, &plain);
        const REAL over_c = plain != 0 ? A + A * t * square : log_a * inv_c;
        const REAL excess = plain != 0 ? A * A * square : (log_a - t) * inv_cc;
        const REAL s_eta = (width - e1 * id11 * w1) * id12 - (width - e1 * id21 * w2) * id22;
        const REAL I4 = k * (c_one * log_e - over_c);
        const REAL I3 = k * (inv_one * (s_eta - log_e) + s * (a12 * b1 + a21 * b2 - b1 * b2 - excess));
        const REAL I2 = -k * log_e - I3;

        const REAL b = s_xi - theta;
        const REAL ux = u3 * (s_q - I3 * ss) - u1 * (s_xi + theta + I1 * s) - u2 * (s_r - I3 * sc);
        const REAL uy = u3 * (-h_d - s * b - I1 * ss) - u1 * (s_y + c * s_e + I2 * s)
                        - u2 * (h_y + c * theta - I1 * sc);
        const REAL uz = u3 * (h_y + c * b - I5 * ss) - u1 * (s_d + s * s_e + I4 * s)
                        - u2 * (h_d + s * theta - I5 * sc);
        east[i] = ux * st - uy * ct;
        north[i] = ux * ct + uy * st;
        up[i] = uz;
    }
#undef R_ETA
#undef OVER_ETA
#undef OVER_XI
#undef CORNER
}
