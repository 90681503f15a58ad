package io.weir.dataplane.worker;

/**
 * Sizes of one worker.
 *
 * @param burst      packets that are handled together, 1 to 256
 * @param packets    ordinary packet slots
 * @param bigPackets slots for offloaded packets of up to 64 KiB
 * @param flows      flows that its flow cache shall hold comfortably
 */
public record WorkerSettings(int burst, int packets, int bigPackets, int flows) {
    public static final WorkerSettings DEFAULT = new WorkerSettings(64, 4096, 256, 131_072);

    public WorkerSettings {
        if (burst < 1 || burst > 256) {
            throw new IllegalArgumentException("burst " + burst + " is outside 1..256");
        }
        if (packets < 2 * burst) {
            throw new IllegalArgumentException("packets " + packets + " is below two bursts");
        }
    }
}
