package io.weir.vxlan;

/**
 * Explicit congestion notification across a tunnel's end (RFC 6040 section 4.2, figure 4).
 *
 * <pre>
 *  inner \ outer | Not-ECT  ECT(0)   ECT(1)   CE
 *  Not-ECT       | Not-ECT  Not-ECT  Not-ECT  drop
 *  ECT(0)        | ECT(0)   ECT(0)   ECT(1)   CE
 *  ECT(1)        | ECT(1)   ECT(1)   ECT(1)   CE
 *  CE            | CE       CE       CE       CE
 * </pre>
 *
 * <p>At the tunnel's start the field is copied from the inner header (normal mode), which the rewriter does.
 */
public final class TunnelEcn {
    public static final int NOT_ECT = 0;
    public static final int ECT_1 = 1;
    public static final int ECT_0 = 2;
    public static final int CONGESTION_EXPERIENCED = 3;

    /** The packet must be dropped: its sender would not understand the mark. */
    public static final int DROP = -1;

    private TunnelEcn() {}

    /** The inner packet's new ECN field, or {@link #DROP}. */
    public static int decapsulate(int outer, int inner) {
        if (outer == CONGESTION_EXPERIENCED) {
            return inner == NOT_ECT ? DROP : CONGESTION_EXPERIENCED;
        }
        return outer == ECT_1 && inner == ECT_0 ? ECT_1 : inner;
    }
}
