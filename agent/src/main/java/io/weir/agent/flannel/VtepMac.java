package io.weir.agent.flannel;

import io.weir.dataplane.wire.MacAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The Ethernet address of this node's VTEP, kept across restarts: other nodes learn it from the lease, and until they hear
 * of a new one they send frames that this node must drop.
 */
public final class VtepMac {
    private VtepMac() {}

    /**
     * The address to use: the one that the own lease still tells the others, else the file's, else a new random one; the
     * file holds it afterwards.
     *
     * @param file      one line with the address
     * @param published what the own lease or annotation says; null when there is none
     * @throws IOException when the file can't be read or written
     */
    public static MacAddress keep(Path file, @Nullable MacAddress published, RandomGenerator random)
            throws IOException {
        final MacAddress stored = read(file);
        MacAddress mac = isUsable(published) ? published : stored;
        if (mac == null) {
            mac = create(random);
        }
        if (!mac.equals(stored)) {
            write(file, mac);
        }
        return mac;
    }

    /** A locally administered unicast address. */
    static MacAddress create(RandomGenerator random) {
        final long bits = random.nextLong() & 0xFFFF_FFFF_FFFFL;
        return new MacAddress((bits & ~(0x01L << 40)) | (0x02L << 40));
    }

    private static boolean isUsable(@Nullable MacAddress mac) {
        return mac != null && !mac.isMulticast() && !mac.equals(MacAddress.ZERO);
    }

    private static @Nullable MacAddress read(Path file) throws IOException {
        try {
            final MacAddress mac = MacAddress.parse(Files.readString(file).strip());
            return isUsable(mac) ? mac : null;
        } catch (final NoSuchFileException e) {
            return null;
        } catch (final IllegalArgumentException e) {
            return null; // a damaged file is as good as none: the next start writes it anew
        }
    }

    private static void write(Path file, MacAddress mac) throws IOException {
        final Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        final Path temporary = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(
                temporary,
                mac + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE,
                StandardOpenOption.SYNC);
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
