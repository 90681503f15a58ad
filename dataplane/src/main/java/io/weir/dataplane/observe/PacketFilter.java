package io.weir.dataplane.observe;

import static io.weir.dataplane.memory.OffHeap.getByte;
import static io.weir.dataplane.memory.OffHeap.getIntBigEndian;
import static io.weir.dataplane.memory.OffHeap.getShortBigEndian;

/**
 * A program for the classic BSD packet filter machine, as libpcap compiles expressions to: whether a frame is wanted. Checked
 * when it is made, so that a run always ends and reads nothing outside of the frame. One thread at a time; allocates nothing.
 *
 * <p>An instruction is a long: {@code code (16 bits) | jump if true (8) | jump if false (8) | k (32)}, as in
 * {@code struct bpf_insn}.
 */
public final class PacketFilter {
    /** Most instructions of a program, as in Linux. */
    public static final int MAX_LENGTH = 4096;

    private static final int SCRATCH = 16;

    // classes of instructions: the lowest three bits of the code
    private static final int LD = 0;
    private static final int LDX = 1;
    private static final int ST = 2;
    private static final int STX = 3;
    private static final int ALU = 4;
    private static final int JMP = 5;
    private static final int RET = 6;

    private static final int SOURCE_X = 0x08;

    private final long[] program;
    private final int[] scratch = new int[SCRATCH];

    private PacketFilter(long[] program) {
        this.program = program;
    }

    /**
     * Checks a program.
     *
     * @throws IllegalArgumentException when it is empty, too long, can leave its end, or has an unknown instruction
     */
    public static PacketFilter of(long... program) {
        if (program.length == 0 || program.length > MAX_LENGTH) {
            throw new IllegalArgumentException(program.length + " instructions are outside 1.." + MAX_LENGTH);
        }
        for (int i = 0; i < program.length; i++) {
            if (!isValid(program, i)) {
                throw new IllegalArgumentException(
                        "instruction " + i + " (0x" + Long.toHexString(program[i]) + ") is not valid");
            }
        }
        if ((code(program[program.length - 1]) & 7) != RET) {
            throw new IllegalArgumentException("the program does not end with a return");
        }
        return new PacketFilter(program.clone());
    }

    /** One instruction, as {@link #of} takes it. */
    public static long instruction(int code, int jumpTrue, int jumpFalse, int k) {
        return (long) code << 48 | (long) jumpTrue << 40 | (long) jumpFalse << 32 | (k & 0xFFFF_FFFFL);
    }

    private static int code(long instruction) {
        return (int) (instruction >>> 48);
    }

    private static boolean isValid(long[] program, int i) {
        final int code = code(program[i]);
        final int k = (int) program[i];
        final int left = program.length - i - 1;
        return switch (code & 7) {
            case LD ->
                switch (code) {
                    case 0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x80 -> true;
                    case 0x60 -> k >= 0 && k < SCRATCH;
                    default -> false;
                };
            case LDX ->
                switch (code) {
                    case 0x01, 0x81, 0xB1 -> true;
                    case 0x61 -> k >= 0 && k < SCRATCH;
                    default -> false;
                };
            case ST, STX -> code <= STX && k >= 0 && k < SCRATCH;
            case ALU -> {
                final int operation = code >> 4;
                final boolean divides = operation == 3 || operation == 9;
                yield code <= 0xFF && operation <= 0xA && !(divides && (code & SOURCE_X) == 0 && k == 0);
            }
            case JMP ->
                code == JMP
                        ? k >= 0 && k < left
                        : code <= 0x4D && (program[i] >>> 40 & 0xFF) < left && (program[i] >>> 32 & 0xFF) < left;
            case RET -> code == 0x06 || code == 0x16;
            default -> code == 0x07 || code == 0x87;
        };
    }

    /** Whether the frame at this address is wanted. */
    public boolean matches(long address, int length) {
        int a = 0;
        int x = 0;
        for (int i = 0; i < program.length; i++) {
            final long instruction = program[i];
            final int code = code(instruction);
            final int k = (int) instruction;
            switch (code & 7) {
                case LD -> {
                    final int size = (code & 0x18) == 0 ? 4 : (code & 0x18) == 0x08 ? 2 : 1;
                    switch (code & 0xE0) {
                        case 0x00 -> a = k;
                        case 0x60 -> a = scratch[k];
                        case 0x80 -> a = length;
                        default -> {
                            final long at = (k & 0xFFFF_FFFFL) + ((code & 0xE0) == 0x40 ? x & 0xFFFF_FFFFL : 0);
                            if (at + size > length) {
                                return false; // reading behind the frame's end: not wanted
                            }
                            a = load(address + at, size);
                        }
                    }
                }
                case LDX -> {
                    switch (code) {
                        case 0x01 -> x = k;
                        case 0x61 -> x = scratch[k];
                        case 0x81 -> x = length;
                        default -> {
                            if ((k & 0xFFFF_FFFFL) >= length) {
                                return false;
                            }
                            x = (getByte(address + (k & 0xFFFF_FFFFL)) & 0x0F) << 2; // length of an IPv4 header
                        }
                    }
                }
                case ST -> scratch[k] = a;
                case STX -> scratch[k] = x;
                case ALU -> {
                    final int operand = (code & SOURCE_X) != 0 ? x : k;
                    if (operand == 0 && (code >> 4 == 3 || code >> 4 == 9)) {
                        return false; // division by zero
                    }
                    a = compute(code >> 4, a, operand);
                }
                case JMP -> {
                    if (code == JMP) {
                        i += k;
                    } else {
                        final boolean taken = compare(code >> 4, a, (code & SOURCE_X) != 0 ? x : k);
                        i += (int) (instruction >>> (taken ? 40 : 32)) & 0xFF;
                    }
                }
                case RET -> {
                    return (code == 0x16 ? a : k) != 0;
                }
                default -> {
                    if (code == 0x87) {
                        a = x;
                    } else {
                        x = a;
                    }
                }
            }
        }
        throw new AssertionError("a checked program ends with a return");
    }

    private static int load(long at, int size) {
        return switch (size) {
            case 4 -> getIntBigEndian(at);
            case 2 -> getShortBigEndian(at);
            default -> getByte(at) & 0xFF;
        };
    }

    private static int compute(int operation, int a, int b) {
        return switch (operation) {
            case 0 -> a + b;
            case 1 -> a - b;
            case 2 -> a * b;
            case 3 -> Integer.divideUnsigned(a, b);
            case 4 -> a | b;
            case 5 -> a & b;
            case 6 -> Integer.compareUnsigned(b, 32) < 0 ? a << b : 0;
            case 7 -> Integer.compareUnsigned(b, 32) < 0 ? a >>> b : 0;
            case 8 -> -a;
            case 9 -> Integer.remainderUnsigned(a, b);
            default -> a ^ b;
        };
    }

    private static boolean compare(int operation, int a, int b) {
        return switch (operation) {
            case 1 -> a == b;
            case 2 -> Integer.compareUnsigned(a, b) > 0;
            case 3 -> Integer.compareUnsigned(a, b) >= 0;
            default -> (a & b) != 0;
        };
    }
}
