package io.weir.dataplane.observe;

/**
 * The layout of the file {@code events}: a ring of records for each worker, the newest over the oldest. Numbers are in the
 * machine's byte order.
 *
 * <pre>
 *   0  text  "WEIREVNT"
 *   8  int   version: 2
 *  12  int   workers
 *  16  int   records of a ring
 *  20  int   bytes of a record: 256
 *  24  long  offset of ring 0
 *  32  long  bytes from one ring to the next
 *
 * ring    long records written so far | long events left out by the rate limit | 48 bytes unused | records
 *
 * record   0  long  its number from 1 on; 0 while it is being written
 *          8  long  ns since 1970
 *         16  short kind: 1 a packet was dropped, 2 a new flow was let through
 *         18  short drop reason; see the labels in the file "counters"
 *         20  int   port that it came from
 *         24  int   bytes of the frame
 *         28  int   bytes of it that follow, at most 96
 *         32        these bytes
 *        128  int   bytes of text that follow, at most 124
 *        132        UTF-8: the rules that decided, "; " between two of them; cut off when longer
 * </pre>
 */
final class EventLayout {
    static final String MAGIC = "WEIREVNT";
    static final int VERSION = 2;
    static final int HEADER_LENGTH = 4096;
    static final int VERSION_AT = 8;
    static final int WORKERS_AT = 12;
    static final int RECORDS_AT = 16;
    static final int RECORD_LENGTH_AT = 20;
    static final int RING_AT = 24;
    static final int RING_STRIDE_AT = 32;

    /** A power of two. */
    static final int RECORDS = 1024;

    static final int RECORD_LENGTH = 256;
    static final int RING_HEADER_LENGTH = 64;
    static final int WRITTEN = 0;
    static final int LEFT_OUT = 8;

    static final int NUMBER = 0;
    static final int TIME = 8;
    static final int KIND = 16;
    static final int REASON = 18;
    static final int PORT = 20;
    static final int FRAME_LENGTH = 24;
    static final int CAPTURED = 28;
    static final int BYTES = 32;
    static final int MAX_CAPTURED = 96;
    static final int RULE_LENGTH = BYTES + MAX_CAPTURED;
    static final int RULE = RULE_LENGTH + 4;
    static final int MAX_RULE = RECORD_LENGTH - RULE;

    /** A whole page more than the records, so that no two workers share one. */
    static final long RING_STRIDE = RECORDS * (long) RECORD_LENGTH + 4096;

    private EventLayout() {}

    static long length(int workers) {
        return HEADER_LENGTH + RING_STRIDE * workers;
    }
}
