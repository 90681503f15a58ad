package io.weir.dataplane.answer;

/** A neighbour that is being asked for, with the packets that wait for it, oldest first. */
final class WaitingNeighbour {
    /**
     * Packets that wait for one neighbour at most; one more displaces the oldest. Where the control thread has to wait for a
     * core an answer takes some hundred milliseconds to become a route.
     */
    static final int PACKETS = 64;

    private boolean used;
    private int port;
    private long high;
    private long low;
    private long destinationHigh;
    private long destinationLow;
    private long mac;
    private long nextTryNs;
    private int tries;
    private int count;
    private final int[] handles = new int[PACKETS];
    private final int[] lengths = new int[PACKETS];
    private final int[] notes = new int[PACKETS];
    private final int[] ingressPorts = new int[PACKETS];
    private final int[] scopes = new int[PACKETS];

    void begin(int newPort, long newHigh, long newLow) {
        used = true;
        port = newPort;
        high = newHigh;
        low = newLow;
        tries = 0;
        count = 0;
    }

    /** Nothing waits: only its Ethernet address, which may be 0, is to be confirmed. */
    void probe(int newPort, long newHigh, long newLow, long newMac) {
        begin(newPort, newHigh, newLow);
        mac = newMac;
    }

    boolean is(int otherPort, long otherHigh, long otherLow) {
        return used && low == otherLow && high == otherHigh && port == otherPort;
    }

    boolean isUsed() {
        return used;
    }

    /** Where the first packet goes that waits: when the way there is known, the neighbour is. */
    void destination(long newHigh, long newLow) {
        destinationHigh = newHigh;
        destinationLow = newLow;
    }

    long destinationHigh() {
        return destinationHigh;
    }

    long destinationLow() {
        return destinationLow;
    }

    void asked(long nextNs) {
        tries++;
        nextTryNs = nextNs;
    }

    int tries() {
        return tries;
    }

    long nextTryNs() {
        return nextTryNs;
    }

    int port() {
        return port;
    }

    long high() {
        return high;
    }

    long low() {
        return low;
    }

    long mac() {
        return mac;
    }

    boolean isFull() {
        return count == PACKETS;
    }

    int count() {
        return count;
    }

    void add(int handle, int length, int note, int ingressPort, int scope) {
        handles[count] = handle;
        lengths[count] = length;
        notes[count] = note;
        ingressPorts[count] = ingressPort;
        scopes[count] = scope;
        count++;
    }

    /** Forgets the oldest packet and returns its slot. */
    int removeOldest() {
        final int oldest = handles[0];
        count--;
        for (int i = 0; i < count; i++) {
            handles[i] = handles[i + 1];
            lengths[i] = lengths[i + 1];
            notes[i] = notes[i + 1];
            ingressPorts[i] = ingressPorts[i + 1];
            scopes[i] = scopes[i + 1];
        }
        return oldest;
    }

    /** Takes the other's packets over; the other is free then. */
    void takeFrom(WaitingNeighbour other) {
        count = other.count;
        System.arraycopy(other.handles, 0, handles, 0, count);
        System.arraycopy(other.lengths, 0, lengths, 0, count);
        System.arraycopy(other.notes, 0, notes, 0, count);
        System.arraycopy(other.ingressPorts, 0, ingressPorts, 0, count);
        System.arraycopy(other.scopes, 0, scopes, 0, count);
        other.used = false;
        other.count = 0;
    }

    int handle(int index) {
        return handles[index];
    }

    int length(int index) {
        return lengths[index];
    }

    int notes(int index) {
        return notes[index];
    }

    int ingressPort(int index) {
        return ingressPorts[index];
    }

    int scope(int index) {
        return scopes[index];
    }
}
