package io.weir.dataplane.offload;

/**
 * One end of a connection, as the programs know it.
 *
 * @param key    number of where packets come in from there, as in the key of an entry
 * @param egress interface by which packets go there
 */
record OffloadEnd(int key, int egress) {}
