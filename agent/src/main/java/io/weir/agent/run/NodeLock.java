package io.weir.agent.run;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** At most one weir per node name: a locked file in the node's run directory, which the kernel unlocks when weir dies. */
public final class NodeLock implements AutoCloseable {
    private static final String FILE = "lock";

    private final FileChannel channel;

    private NodeLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Another weir runs this node, or the directory can't be used; the message is a sentence for people. */
    public static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1;

        private RefusedException(String message) {
            super(message);
        }
    }

    /**
     * Takes the node.
     *
     * @param directory the node's run directory; made when it is not there
     */
    public static NodeLock acquire(String node, Path directory) throws RefusedException {
        try {
            Files.createDirectories(directory);
            final FileChannel channel = FileChannel.open(
                    directory.resolve(FILE),
                    StandardOpenOption.CREATE,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE);
            final FileLock lock = channel.tryLock();
            if (lock == null) {
                final String holder = Files.readString(directory.resolve(FILE)).trim();
                channel.close();
                throw new RefusedException("node " + node + " is run by another weir already (process " + holder
                        + "); stop that one first, or give --node or --run-dir");
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap((ProcessHandle.current().pid() + "\n").getBytes(StandardCharsets.UTF_8)));
            return new NodeLock(channel);
        } catch (final IOException e) {
            throw new RefusedException(
                    "the run directory " + directory + " can't be used (" + e + "); give another with --run-dir");
        }
    }

    /** Lets go; the file stays, so that nobody locks one that is just being deleted. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException e) {
            System.getLogger(NodeLock.class.getName())
                    .log(System.Logger.Level.WARNING, "closing the lock: {0}", e.getMessage());
        }
    }
}
