package io.weir.dataplane.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import java.util.stream.Stream;
import org.agrona.UnsafeApi;
import org.jspecify.annotations.Nullable;

/**
 * Raw memory outside the heap: the packet path's tables and packet slabs live here.
 *
 * <p>Access is by absolute address. With {@code -Dagrona.disable.bounds.checks=true} (the switch that Agrona's buffers
 * obey too) an access is one machine instruction; without it, as in every test, each access must lie inside memory that
 * {@link #allocate} or {@link #register} has made known, or an {@link IndexOutOfBoundsException} is thrown.
 *
 * <p>{@code getX}/{@code putX} use the machine's byte order, {@code xBigEndian} the network's.
 */
public final class OffHeap {
    /** Whether accesses are checked; a constant for the JIT. */
    public static final boolean CHECKED = !Boolean.getBoolean("agrona.disable.bounds.checks");

    /** Alignment of everything that {@link #allocate} returns, in bytes: a page. */
    public static final int ALIGNMENT = 4096;

    private static final boolean SWAP = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    private static final long HUGE_PAGE = 2L << 20;
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int MADV_HUGEPAGE = 14;

    private static final MethodHandle MMAP = link(
            "mmap",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_LONG,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_LONG));
    private static final MethodHandle MUNMAP =
            link("munmap", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
    private static final MethodHandle MADVISE = link(
            "madvise",
            FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

    /** All memory that may be accessed, as sorted arrays that are replaced as a whole: a check allocates nothing. */
    private static volatile Regions regions = new Regions(new Region[0]);

    private record Region(long start, long end, long mappedAddress, long mappedLength) {}

    private static final class Regions {
        final Region[] sorted;
        final long[] starts;

        Regions(Region[] sorted) {
            this.sorted = sorted;
            starts = Arrays.stream(sorted).mapToLong(Region::start).toArray();
        }

        /** The region that starts at or before the address, or null. */
        @Nullable
        Region floor(long address) {
            final int at = Arrays.binarySearch(starts, address);
            final int index = at >= 0 ? at : -at - 2;
            return index < 0 ? null : sorted[index];
        }
    }

    private OffHeap() {}

    private static MethodHandle link(String name, FunctionDescriptor descriptor) {
        final Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
    }

    /**
     * Zeroed memory, page aligned; from 2 MiB up it is aligned to 2 MiB and the kernel is asked for huge pages.
     *
     * @throws OutOfMemoryError when the kernel has none
     */
    public static long allocate(long bytes) {
        final boolean huge = bytes >= HUGE_PAGE;
        final long alignment = huge ? HUGE_PAGE : ALIGNMENT;
        final long mappedLength = ((bytes + ALIGNMENT - 1) & -ALIGNMENT) + (huge ? HUGE_PAGE : 0);
        final long mapped;
        try {
            mapped = (long) MMAP.invokeExact(0L, mappedLength, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
            if (mapped == -1L) {
                throw new OutOfMemoryError("the kernel refused " + mappedLength + " bytes of memory");
            }
            final long address = (mapped + alignment - 1) & -alignment;
            if (huge) {
                final int ignored = (int) MADVISE.invokeExact(address, bytes & -HUGE_PAGE, MADV_HUGEPAGE);
            }
            add(new Region(address, address + bytes, mapped, mappedLength));
            return address;
        } catch (final Error | RuntimeException e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Returns what {@link #allocate} gave. */
    public static void free(long address) {
        final Region region = regions.floor(address);
        if (region == null || region.start != address || region.mappedLength == 0) {
            throw new IllegalArgumentException("not allocated here: 0x" + Long.toHexString(address));
        }
        unregister(address);
        try {
            final int ignored = (int) MUNMAP.invokeExact(region.mappedAddress, region.mappedLength);
        } catch (final Error | RuntimeException e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    /** Makes memory that something else owns (a mapped ring) accessible. */
    public static void register(long address, long length) {
        add(new Region(address, address + length, address, 0));
    }

    private static synchronized void add(Region region) {
        regions = new Regions(Stream.concat(Arrays.stream(regions.sorted), Stream.of(region))
                .sorted(Comparator.comparingLong(Region::start))
                .toArray(Region[]::new));
    }

    public static synchronized void unregister(long address) {
        regions = new Regions(Arrays.stream(regions.sorted)
                .filter(region -> region.start != address)
                .toArray(Region[]::new));
    }

    /** Bytes that {@link #allocate} has given and that were not freed. */
    public static long allocatedBytes() {
        return Arrays.stream(regions.sorted)
                .filter(region -> region.mappedLength != 0)
                .mapToLong(region -> region.end - region.start)
                .sum();
    }

    /** A segment over raw memory, for calls that want one. The caller answers for its lifetime. */
    public static MemorySegment segment(long address, long length) {
        return MemorySegment.ofAddress(address).reinterpret(length, Arena.global(), null);
    }

    private static void check(long address, long length) {
        final Region region = regions.floor(address);
        if (region == null || address + length > region.end) {
            throw new IndexOutOfBoundsException(
                    length + " bytes at 0x" + Long.toHexString(address) + " are outside of all known memory");
        }
    }

    public static byte getByte(long address) {
        if (CHECKED) {
            check(address, 1);
        }
        return UnsafeApi.getByte(address);
    }

    public static short getShort(long address) {
        if (CHECKED) {
            check(address, 2);
        }
        return UnsafeApi.getShort(address);
    }

    public static int getInt(long address) {
        if (CHECKED) {
            check(address, 4);
        }
        return UnsafeApi.getInt(address);
    }

    public static long getLong(long address) {
        if (CHECKED) {
            check(address, 8);
        }
        return UnsafeApi.getLong(address);
    }

    public static void putByte(long address, byte value) {
        if (CHECKED) {
            check(address, 1);
        }
        UnsafeApi.putByte(address, value);
    }

    public static void putShort(long address, short value) {
        if (CHECKED) {
            check(address, 2);
        }
        UnsafeApi.putShort(address, value);
    }

    public static void putInt(long address, int value) {
        if (CHECKED) {
            check(address, 4);
        }
        UnsafeApi.putInt(address, value);
    }

    public static void putLong(long address, long value) {
        if (CHECKED) {
            check(address, 8);
        }
        UnsafeApi.putLong(address, value);
    }

    /** Load-acquire, for memory that another thread publishes with a release store. */
    public static int getIntAcquire(long address) {
        if (CHECKED) {
            check(address, 4);
        }
        return UnsafeApi.getIntAcquire(null, address);
    }

    public static void putIntRelease(long address, int value) {
        if (CHECKED) {
            check(address, 4);
        }
        UnsafeApi.putIntRelease(null, address, value);
    }

    public static void putShortRelease(long address, short value) {
        if (CHECKED) {
            check(address, 2);
        }
        UnsafeApi.putShortRelease(null, address, value);
    }

    public static short getShortAcquire(long address) {
        if (CHECKED) {
            check(address, 2);
        }
        return UnsafeApi.getShortAcquire(null, address);
    }

    public static long getLongAcquire(long address) {
        if (CHECKED) {
            check(address, 8);
        }
        return UnsafeApi.getLongAcquire(null, address);
    }

    public static void putLongRelease(long address, long value) {
        if (CHECKED) {
            check(address, 8);
        }
        UnsafeApi.putLongRelease(null, address, value);
    }

    public static int getIntOpaque(long address) {
        if (CHECKED) {
            check(address, 4);
        }
        return UnsafeApi.getIntOpaque(null, address);
    }

    public static void putIntOpaque(long address, int value) {
        if (CHECKED) {
            check(address, 4);
        }
        UnsafeApi.putIntOpaque(null, address, value);
    }

    public static long getLongOpaque(long address) {
        if (CHECKED) {
            check(address, 8);
        }
        return UnsafeApi.getLongOpaque(null, address);
    }

    public static void putLongOpaque(long address, long value) {
        if (CHECKED) {
            check(address, 8);
        }
        UnsafeApi.putLongOpaque(null, address, value);
    }

    public static boolean compareAndSetInt(long address, int expected, int value) {
        if (CHECKED) {
            check(address, 4);
        }
        return UnsafeApi.compareAndSetInt(null, address, expected, value);
    }

    public static boolean compareAndSetLong(long address, long expected, long value) {
        if (CHECKED) {
            check(address, 8);
        }
        return UnsafeApi.compareAndSetLong(null, address, expected, value);
    }

    public static int getShortBigEndian(long address) {
        final short value = getShort(address);
        return (SWAP ? Short.reverseBytes(value) : value) & 0xFFFF;
    }

    public static int getIntBigEndian(long address) {
        final int value = getInt(address);
        return SWAP ? Integer.reverseBytes(value) : value;
    }

    public static long getLongBigEndian(long address) {
        final long value = getLong(address);
        return SWAP ? Long.reverseBytes(value) : value;
    }

    public static void putShortBigEndian(long address, int value) {
        final short narrow = (short) value;
        putShort(address, SWAP ? Short.reverseBytes(narrow) : narrow);
    }

    public static void putIntBigEndian(long address, int value) {
        putInt(address, SWAP ? Integer.reverseBytes(value) : value);
    }

    public static void putLongBigEndian(long address, long value) {
        putLong(address, SWAP ? Long.reverseBytes(value) : value);
    }

    public static void copy(long source, long destination, long length) {
        if (CHECKED && length > 0) {
            check(source, length);
            check(destination, length);
        }
        UnsafeApi.copyMemory(source, destination, length);
    }

    public static void copy(byte[] source, int offset, long destination, int length) {
        if (CHECKED) {
            Objects.checkFromIndexSize(offset, length, source.length);
            if (length > 0) {
                check(destination, length);
            }
        }
        UnsafeApi.copyMemory(
                source, UnsafeApi.arrayBaseOffset(byte[].class) + (long) offset, null, destination, length);
    }

    public static void copy(long source, byte[] destination, int offset, int length) {
        if (CHECKED) {
            Objects.checkFromIndexSize(offset, length, destination.length);
            if (length > 0) {
                check(source, length);
            }
        }
        UnsafeApi.copyMemory(
                null, source, destination, UnsafeApi.arrayBaseOffset(byte[].class) + (long) offset, length);
    }

    public static void zero(long address, long length) {
        if (CHECKED && length > 0) {
            check(address, length);
        }
        UnsafeApi.setMemory(address, length, (byte) 0);
    }
}
