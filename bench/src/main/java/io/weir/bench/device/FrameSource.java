package io.weir.bench.device;

/** Offers frames to an interface as fast as one core can, until it is closed. */
interface FrameSource extends AutoCloseable {
    /** Frames that were offered so far. */
    long sent();

    @Override
    void close();
}
