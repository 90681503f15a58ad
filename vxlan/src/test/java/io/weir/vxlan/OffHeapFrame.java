package io.weir.vxlan;

import io.weir.dataplane.memory.OffHeap;

/** A frame in memory that ends where the frame ends, so that a read behind it fails the test. */
final class OffHeapFrame implements AutoCloseable {
    private final long memory;
    private final long address;
    private final int length;

    OffHeapFrame(byte[] bytes) {
        length = bytes.length;
        memory = OffHeap.allocate(Math.max(1, length));
        address = memory;
        OffHeap.copy(bytes, 0, address, length);
    }

    long address() {
        return address;
    }

    int length() {
        return length;
    }

    byte[] bytesFrom(int offset) {
        final byte[] bytes = new byte[length - offset];
        OffHeap.copy(address + offset, bytes, 0, bytes.length);
        return bytes;
    }

    @Override
    public void close() {
        OffHeap.free(memory);
    }
}
