package io.weir.dataplane.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A BPF program as its instructions are written down one by one (RFC 9669): 8 bytes each, of operation, registers, offset
 * and number. Enough of the instruction set for programs of some lines; registers are numbers 0 to 10.
 */
public final class BpfInstructions {
    /** Register with the result: of a call, and of the program. */
    public static final int R0 = 0;

    /** First argument; at the start of an XDP program, its {@code struct xdp_md}. */
    public static final int R1 = 1;

    /** Second argument. */
    public static final int R2 = 2;

    /** Third argument. */
    public static final int R3 = 3;

    /** Fourth argument. */
    public static final int R4 = 4;

    /** Fifth argument. */
    public static final int R5 = 5;

    /** First register that calls leave alone. */
    public static final int R6 = 6;

    /** Another register that calls leave alone. */
    public static final int R7 = 7;

    /** Another register that calls leave alone. */
    public static final int R8 = 8;

    /** Another register that calls leave alone. */
    public static final int R9 = 9;

    /** End of the stack. */
    public static final int R10 = 10;

    /** Bytes of {@code struct bpf_insn}. */
    static final int LENGTH = 8;

    private static final int LOAD_WIDE = 0x18;
    private static final int PSEUDO_MAP_FD = 1;
    private static final int LOAD_1 = 0x71;
    private static final int LOAD_2 = 0x69;
    private static final int LOAD_4 = 0x61;
    private static final int LOAD_8 = 0x79;
    private static final int STORE_1 = 0x73;
    private static final int STORE_2 = 0x6B;
    private static final int STORE_4 = 0x63;
    private static final int STORE_8 = 0x7B;
    private static final int ATOMIC_8 = 0xDB;
    private static final int MOVE = 0xBF;
    private static final int MOVE_NUMBER = 0xB7;
    private static final int ADD = 0x0F;
    private static final int ADD_NUMBER = 0x07;
    private static final int MULTIPLY = 0x2F;
    private static final int AND_NUMBER_4 = 0x54;
    private static final int SHIFT_LEFT_NUMBER = 0x67;
    private static final int SHIFT_RIGHT_NUMBER = 0x77;
    private static final int DIFFERENCE = 0xAF;
    private static final int DIFFERENCE_NUMBER = 0xA7;
    private static final int TO_BIG_ENDIAN = 0xDC;
    private static final int JUMP = 0x05;
    private static final int JUMP_EQUAL_NUMBER = 0x15;
    private static final int JUMP_ANY_BIT = 0x45;
    private static final int JUMP_LESS_NUMBER = 0xA5;
    private static final int JUMP_NOT_EQUAL = 0x5D;
    private static final int JUMP_GREATER = 0x2D;
    private static final int JUMP_NOT_EQUAL_NUMBER = 0x55;
    private static final int JUMP_NOT_EQUAL_NUMBER_4 = 0x56;
    private static final int CALL = 0x85;
    private static final int EXIT = 0x95;

    private final List<Long> words = new ArrayList<>();
    private final Map<String, Integer> labels = new HashMap<>();
    private final Map<Integer, String> jumps = new HashMap<>();

    /** {@code to = *(u8 *)(from + offset)}. */
    public BpfInstructions load1(int to, int from, int offset) {
        return add(LOAD_1, to, from, offset, 0);
    }

    /** {@code to = *(u16 *)(from + offset)}, in the machine's byte order as all of these. */
    public BpfInstructions load2(int to, int from, int offset) {
        return add(LOAD_2, to, from, offset, 0);
    }

    /** {@code to = *(u32 *)(from + offset)}. */
    public BpfInstructions load4(int to, int from, int offset) {
        return add(LOAD_4, to, from, offset, 0);
    }

    /** {@code to = *(u64 *)(from + offset)}. */
    public BpfInstructions load8(int to, int from, int offset) {
        return add(LOAD_8, to, from, offset, 0);
    }

    /** {@code *(u8 *)(to + offset) = from}. */
    public BpfInstructions store1(int to, int offset, int from) {
        return add(STORE_1, to, from, offset, 0);
    }

    /** {@code *(u16 *)(to + offset) = from}. */
    public BpfInstructions store2(int to, int offset, int from) {
        return add(STORE_2, to, from, offset, 0);
    }

    /** {@code *(u32 *)(to + offset) = from}. */
    public BpfInstructions store4(int to, int offset, int from) {
        return add(STORE_4, to, from, offset, 0);
    }

    /** {@code *(u64 *)(to + offset) = from}. */
    public BpfInstructions store8(int to, int offset, int from) {
        return add(STORE_8, to, from, offset, 0);
    }

    /** {@code *(u64 *)(to + offset) += from}, as one step for all cores. */
    public BpfInstructions plusInMemory8(int to, int offset, int from) {
        return add(ATOMIC_8, to, from, offset, 0);
    }

    /** {@code to = from}. */
    public BpfInstructions move(int to, int from) {
        return add(MOVE, to, from, 0, 0);
    }

    /** {@code to = number}. */
    public BpfInstructions number(int to, int number) {
        return add(MOVE_NUMBER, to, 0, 0, number);
    }

    /** {@code to = number}, of 64 bits. */
    public BpfInstructions wideNumber(int to, long number) {
        return add(LOAD_WIDE, to, 0, 0, (int) number).add(0, 0, 0, 0, (int) (number >>> 32));
    }

    /** {@code to += from}. */
    public BpfInstructions plusRegister(int to, int from) {
        return add(ADD, to, from, 0, 0);
    }

    /** {@code to *= from}. */
    public BpfInstructions times(int to, int from) {
        return add(MULTIPLY, to, from, 0, 0);
    }

    /** {@code to >>= bits}, zeros coming in. */
    public BpfInstructions shiftRight(int to, int bits) {
        return add(SHIFT_RIGHT_NUMBER, to, 0, 0, bits);
    }

    /** {@code to <<= bits}. */
    public BpfInstructions shiftLeft(int to, int bits) {
        return add(SHIFT_LEFT_NUMBER, to, 0, 0, bits);
    }

    /** {@code to ^= from}. */
    public BpfInstructions exclusiveOr(int to, int from) {
        return add(DIFFERENCE, to, from, 0, 0);
    }

    /** {@code to ^= number}. */
    public BpfInstructions exclusiveOrNumber(int to, int number) {
        return add(DIFFERENCE_NUMBER, to, 0, 0, number);
    }

    /** Makes a number of the lower two bytes, which are as on a wire (or the other way round). */
    public BpfInstructions bigEndian2(int to) {
        return add(TO_BIG_ENDIAN, to, 0, 0, 16);
    }

    /** {@code to += number}. */
    public BpfInstructions plus(int to, int number) {
        return add(ADD_NUMBER, to, 0, 0, number);
    }

    /** {@code to = (u32) to & number}. */
    public BpfInstructions and4(int to, int number) {
        return add(AND_NUMBER_4, to, 0, 0, number);
    }

    /** {@code to = map}. */
    public BpfInstructions map(int to, BpfMap map) {
        return mapFd(to, map.fd());
    }

    /** {@code to = map}, given by its open file. */
    BpfInstructions mapFd(int to, int fd) {
        return add(LOAD_WIDE, to, PSEUDO_MAP_FD, 0, fd).add(0, 0, 0, 0, 0);
    }

    /** Goes on at the label. */
    public BpfInstructions jump(String label) {
        return jump(JUMP, 0, 0, 0, label);
    }

    /** Goes on at the label when the register has this value. */
    public BpfInstructions jumpIfEqual(int register, int number, String label) {
        return jump(JUMP_EQUAL_NUMBER, register, 0, number, label);
    }

    /** Goes on at the label when the register has another value. */
    public BpfInstructions jumpUnlessEqual(int register, int number, String label) {
        return jump(JUMP_NOT_EQUAL_NUMBER, register, 0, number, label);
    }

    /** Goes on at the label when the register's lower 32 bits have another value. */
    public BpfInstructions jumpUnlessEqual4(int register, int number, String label) {
        return jump(JUMP_NOT_EQUAL_NUMBER_4, register, 0, number, label);
    }

    /** Goes on at the label when the first register is greater than the second, without sign. */
    public BpfInstructions jumpIfGreater(int register, int than, String label) {
        return jump(JUMP_GREATER, register, than, 0, label);
    }

    /** Goes on at the label when the registers differ. */
    public BpfInstructions jumpUnlessSame(int register, int other, String label) {
        return jump(JUMP_NOT_EQUAL, register, other, 0, label);
    }

    /** Goes on at the label when the register is less than the number, without sign. */
    public BpfInstructions jumpIfLess(int register, int number, String label) {
        return jump(JUMP_LESS_NUMBER, register, 0, number, label);
    }

    /** Goes on at the label when the register has one of these bits. */
    public BpfInstructions jumpIfAnyBit(int register, int bits, String label) {
        return jump(JUMP_ANY_BIT, register, 0, bits, label);
    }

    /** The place that jumps name. */
    public BpfInstructions label(String name) {
        labels.put(name, words.size());
        return this;
    }

    /** Calls a helper function by its number (linux/bpf.h, {@code ___BPF_FUNC_MAPPER}). */
    public BpfInstructions call(int helper) {
        return add(CALL, 0, 0, 0, helper);
    }

    /** Ends the program; register 0 is its result. */
    public BpfInstructions exit() {
        return add(EXIT, 0, 0, 0, 0);
    }

    /** Instructions, a load of a map counting as two. */
    int count() {
        return words.size();
    }

    /** The instructions in the machine's byte order, with all jumps resolved. */
    MemorySegment write(Arena arena) {
        final MemorySegment code = arena.allocate((long) words.size() * LENGTH, LENGTH);
        for (int i = 0; i < words.size(); i++) {
            long word = words.get(i);
            final String label = jumps.get(i);
            if (label != null) {
                final Integer target = labels.get(label);
                if (target == null) {
                    throw new IllegalStateException("no label " + label);
                }
                word |= (target - i - 1 & 0xFFFFL) << 16;
            }
            code.setAtIndex(ValueLayout.JAVA_LONG, i, word);
        }
        return code;
    }

    private BpfInstructions jump(int operation, int register, int other, int number, String label) {
        jumps.put(words.size(), label);
        return add(operation, register, other, 0, number);
    }

    private BpfInstructions add(int operation, int to, int from, int offset, int number) {
        // struct bpf_insn: operation, two registers of 4 bits, offset (2 bytes), number (4 bytes)
        final boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        if (!little) {
            throw LinuxException.invalid("BPF programs of weir are for little-endian machines");
        }
        words.add(operation | (long) (from << 4 | to) << 8 | (offset & 0xFFFFL) << 16 | (number & 0xFFFF_FFFFL) << 32);
        return this;
    }
}
