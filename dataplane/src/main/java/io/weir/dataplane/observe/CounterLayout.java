package io.weir.dataplane.observe;

import io.weir.dataplane.flow.PathCounters;

/**
 * The layout of the file {@code counters}: it describes itself, so that a reader in any language needs only this drawing.
 * Numbers are in the machine's byte order. Texts are UTF-8.
 *
 * <pre>
 *   0  text  "WEIRCNTR"
 *   8  int   version: 2
 *  12  int   bytes of this header: 512
 *  16  long  process id of the writer
 *  24  long  when the writer started, ns since 1970
 *  32  long  when the writer last refreshed ports and values, ns since 1970 (about once a second)
 *  40  int   workers
 *  44  int   ports: ids are below this
 *  48  long  offset of the labels        56  long  bytes of the labels
 *  64  long  offset of the port rows     72  int   bytes of a row: 128
 *  80  long  offset of the value rows    88  int   rows
 *  96  long  offset of worker 0         104  long  bytes from one worker to the next
 * 112  int   index of port 0's numbers  116  int   numbers per port
 * 256  text  name of the node, padded with zeros to 256 bytes
 *
 * labels     lines of TAB-separated fields: drop|counter|port, index, label, sentence
 * port row   int in use (1) or free (0) | int unused | role, padded to 8 bytes | name, padded with zeros to 112 bytes
 * value row  int in use | int unused | long value | name, padded with zeros to 112 bytes
 * worker     an array of longs, written by that worker alone. A drop's or counter's label names its index. A port's
 *            number is at (index of port 0) + (numbers per port) * id + (index of the port label).
 * </pre>
 */
final class CounterLayout {
    static final String MAGIC = "WEIRCNTR";
    static final int VERSION = 2;
    static final int HEADER_LENGTH = 512;
    static final int ROW_LENGTH = 128;
    static final int VALUE_ROWS = 256;
    static final int NAME_LENGTH = 112;
    static final int ROLE_LENGTH = 8;
    static final int NODE_NAME_LENGTH = 256;
    static final int PAGE = 4096;

    static final int VERSION_AT = 8;
    static final int HEADER_LENGTH_AT = 12;
    static final int PROCESS_AT = 16;
    static final int STARTED_AT = 24;
    static final int REFRESHED_AT = 32;
    static final int WORKERS_AT = 40;
    static final int PORTS_AT = 44;
    static final int LABELS_AT = 48;
    static final int LABELS_LENGTH_AT = 56;
    static final int PORT_ROWS_AT = 64;
    static final int ROW_LENGTH_AT = 72;
    static final int VALUE_ROWS_AT = 80;
    static final int VALUE_ROW_COUNT_AT = 88;
    static final int WORKER_AT = 96;
    static final int WORKER_STRIDE_AT = 104;
    static final int PORT_BASE_AT = 112;
    static final int PORT_STRIDE_AT = 116;
    static final int NODE_NAME_AT = 256;

    /** Within a row. */
    static final int ROW_IN_USE = 0;

    static final int ROW_ROLE = 8;
    static final int ROW_VALUE = 8;
    static final int ROW_NAME = 16;

    final int workers;
    final int ports;
    final long labels;
    final long labelsLength;
    final long portRows;
    final long valueRows;
    final long worker;
    final long workerStride;

    CounterLayout(int workers, int ports, int labelBytes) {
        this.workers = workers;
        this.ports = ports;
        labels = HEADER_LENGTH;
        labelsLength = labelBytes;
        portRows = align(labels + labelsLength, ROW_LENGTH);
        valueRows = portRows + (long) ROW_LENGTH * ports;
        worker = align(valueRows + (long) ROW_LENGTH * VALUE_ROWS, PAGE);
        // whole pages: no two workers write to one cache line
        workerStride = align(PathCounters.length(ports), PAGE);
    }

    private static long align(long offset, long to) {
        return (offset + to - 1) / to * to;
    }

    long length() {
        return worker + workerStride * workers;
    }
}
