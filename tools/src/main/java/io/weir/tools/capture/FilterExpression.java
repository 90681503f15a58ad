package io.weir.tools.capture;

import io.weir.tools.command.CommandFailure;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.TypeConversionException;

/**
 * A pcap filter expression ({@code tcp port 80 and host 10.0.0.1}; see pcap-filter(7)), compiled by libpcap for Ethernet
 * frames.
 *
 * @param text         as it was typed
 * @param instructions each {@code code, jump if true, jump if false, k}
 */
public record FilterExpression(String text, List<List<Long>> instructions) {
    private static final List<String> LIBRARIES = List.of("libpcap.so.0.8", "libpcap.so.1", "libpcap.so");
    private static final System.Logger LOGGER = System.getLogger(FilterExpression.class.getName());
    private static final int ETHERNET = 1;
    private static final int SNAP_LENGTH = 262_144;
    private static final int OPTIMIZE = 1;
    private static final int NETMASK_UNKNOWN = -1;
    private static final int INSTRUCTION_LENGTH = 8;

    /** {@code struct bpf_program}: a count and a pointer. */
    private static final MemoryLayout PROGRAM =
            MemoryLayout.structLayout(ValueLayout.JAVA_INT, MemoryLayout.paddingLayout(4), ValueLayout.ADDRESS);

    /** The functions of libpcap that compile; loaded when the first expression is. */
    private static final class Pcap {
        private static final AddressLayout POINTER = ValueLayout.ADDRESS;
        private static final SymbolLookup LIBRARY = load();
        static final MethodHandle OPEN =
                link("pcap_open_dead", FunctionDescriptor.of(POINTER, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle COMPILE = link(
                "pcap_compile",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, POINTER, POINTER, POINTER, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        static final MethodHandle ERROR = link("pcap_geterr", FunctionDescriptor.of(POINTER, POINTER));
        static final MethodHandle FREE = link("pcap_freecode", FunctionDescriptor.ofVoid(POINTER));
        static final MethodHandle CLOSE = link("pcap_close", FunctionDescriptor.ofVoid(POINTER));

        private static SymbolLookup load() {
            for (final String library : LIBRARIES) {
                try {
                    return SymbolLookup.libraryLookup(library, Arena.global());
                } catch (final IllegalArgumentException e) {
                    LOGGER.log(System.Logger.Level.DEBUG, "no {0}", library); // under another name, perhaps
                }
            }
            throw new CommandFailure(
                    "filter expressions need libpcap, which is not installed (Debian: apt-get install libpcap0.8)");
        }

        private static MethodHandle link(String name, FunctionDescriptor descriptor) {
            return Linker.nativeLinker().downcallHandle(LIBRARY.findOrThrow(name), descriptor);
        }
    }

    public FilterExpression {
        instructions = List.copyOf(instructions);
    }

    /**
     * Compiles an expression; an empty one selects everything.
     *
     * @throws TypeConversionException when it is no filter expression; the message is libpcap's
     */
    public static FilterExpression compile(String text) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment pcap = (MemorySegment) Pcap.OPEN.invokeExact(ETHERNET, SNAP_LENGTH);
            try {
                final MemorySegment program = arena.allocate(PROGRAM);
                final int result = (int)
                        Pcap.COMPILE.invokeExact(pcap, program, arena.allocateFrom(text), OPTIMIZE, NETMASK_UNKNOWN);
                if (result != 0) {
                    final MemorySegment message = (MemorySegment) Pcap.ERROR.invokeExact(pcap);
                    throw new TypeConversionException("'" + text + "' is no pcap filter expression: "
                            + message.reinterpret(512).getString(0) + "; see pcap-filter(7)");
                }
                final FilterExpression expression = new FilterExpression(text, read(program));
                Pcap.FREE.invokeExact(program);
                return expression;
            } finally {
                Pcap.CLOSE.invokeExact(pcap);
            }
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    private static List<List<Long>> read(MemorySegment program) {
        final int count = program.get(ValueLayout.JAVA_INT, 0);
        final MemorySegment code = program.get(ValueLayout.ADDRESS, 8).reinterpret((long) count * INSTRUCTION_LENGTH);
        final List<List<Long>> instructions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            final long at = (long) i * INSTRUCTION_LENGTH;
            instructions.add(List.of(
                    code.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xFFFFL,
                    code.get(ValueLayout.JAVA_BYTE, at + 2) & 0xFFL,
                    code.get(ValueLayout.JAVA_BYTE, at + 3) & 0xFFL,
                    code.get(ValueLayout.JAVA_INT_UNALIGNED, at + 4) & 0xFFFF_FFFFL));
        }
        return instructions;
    }
}
