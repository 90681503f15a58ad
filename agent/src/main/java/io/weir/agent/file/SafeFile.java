package io.weir.agent.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A small file that holds its old text or its new text, whenever the process is killed or the machine loses power: written
 * beside it, forced to the disk, renamed, and the directory forced as well. Its first line tells the format's version, the
 * text's length in bytes and its CRC-32C:
 *
 * <pre>
 *   weir-attachments 1 4711 89abcdef
 *   text
 * </pre>
 */
public final class SafeFile {
    private final Path file;
    private final String format;
    private final int version;

    /**
     * @param format  what the first line begins with
     * @param version that is written, and the only one that is read
     */
    public SafeFile(Path file, String format, int version) {
        this.file = file;
        this.format = format;
        this.version = version;
    }

    /** A file whose content can't be trusted, or is another version's; the message says why. */
    public static final class DamagedException extends IOException {
        private static final long serialVersionUID = 1;

        DamagedException(String message) {
            super(message);
        }
    }

    /**
     * The text, or null when there is no file.
     *
     * @throws DamagedException when the file is not what was written
     */
    public @Nullable String read() throws IOException {
        final byte[] body = readBytes();
        return body == null ? null : new String(body, StandardCharsets.UTF_8);
    }

    /**
     * The content, or null when there is no file.
     *
     * @throws DamagedException when the file is not what was written
     */
    public byte @Nullable [] readBytes() throws IOException {
        final byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (final NoSuchFileException e) {
            return null;
        }
        int end = 0;
        while (end < bytes.length && bytes[end] != '\n') {
            end++;
        }
        final String[] header = new String(bytes, 0, end, StandardCharsets.UTF_8).split(" ", -1);
        if (end == bytes.length || header.length != 4 || !header[0].equals(format)) {
            throw new DamagedException(file + " does not begin as a file of " + format + " does");
        }
        if (!header[1].equals(Integer.toString(version))) {
            throw new DamagedException(file + " has version " + header[1] + "; this weir reads " + version);
        }
        final int start = end + 1;
        final int length = bytes.length - start;
        if (!header[2].equals(Integer.toString(length)) || !header[3].equals(checksum(bytes, start, length))) {
            throw new DamagedException(file + " is not as it was written: length or checksum differ");
        }
        return Arrays.copyOfRange(bytes, start, bytes.length);
    }

    /** Replaces the text; it is on the disk when this returns. */
    public void write(String text) throws IOException {
        write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Replaces the content; it is on the disk when this returns. */
    public void write(byte[] body) throws IOException {
        final String header = format + " " + version + " " + body.length + " " + checksum(body, 0, body.length) + "\n";
        final Path folder = file.toAbsolutePath().getParent();
        final Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            final ByteBuffer[] parts = {ByteBuffer.wrap(header.getBytes(StandardCharsets.UTF_8)), ByteBuffer.wrap(body)
            };
            while (parts[1].hasRemaining()) {
                channel.write(parts);
            }
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
            directory.force(true);
        }
    }

    private static String checksum(byte[] bytes, int offset, int length) {
        final CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return String.format("%08x", crc.getValue());
    }
}
