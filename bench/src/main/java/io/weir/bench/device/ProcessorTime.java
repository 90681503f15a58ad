package io.weir.bench.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * CPU time that all cores of the machine together have spent on anything but idling, as {@code /proc/stat} has it: in a measurement
 * that has the machine for itself, what all parts used, the kernel's own threads and interrupts included.
 */
final class ProcessorTime {
    /** Of {@code /proc/stat}: user, nice, system, idle, iowait, irq, softirq; then steal, and guests that user includes. */
    private static final int[] BUSY = {1, 2, 3, 6, 7};

    private static final double TICKS_PER_SECOND = 100;

    private ProcessorTime() {}

    /** Seconds since the machine started. */
    static double busySeconds() throws IOException {
        final String[] words =
                Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
        long ticks = 0;
        for (final int index : BUSY) {
            ticks += Long.parseLong(words[index]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    /** Seconds that the threads of a process have used. */
    static double ofProcess(long pid) throws IOException {
        final String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        // the second field is a name in brackets, which may have blanks
        final String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return (Long.parseLong(words[11]) + Long.parseLong(words[12])) / TICKS_PER_SECOND;
    }
}
