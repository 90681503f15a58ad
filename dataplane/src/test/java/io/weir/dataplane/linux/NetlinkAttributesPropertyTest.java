package io.weir.dataplane.linux;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

class NetlinkAttributesPropertyTest {
    /** Whatever the bytes, looking at them ends and stays inside of them. */
    @Property
    void anyBytesAreReadWithoutHarm(
            @ForAll @Size(max = 200) byte[] bytes, @ForAll @IntRange(min = 0, max = 20) int type) {
        UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, 0, bytes.length);
        attributes.uint8(type, 0);
        attributes.uint32(type, 0);
        attributes.text(type);
        attributes.nested(type).nested(type).bytes(type);
        KernelLinks.parse(buffer, 0, bytes.length);
        KernelNeighbours.parse(buffer, 0, bytes.length);
        byte[] value = attributes.bytes(type);
        assertThat(attributes.has(type)).isEqualTo(value != null);
        if (value != null) {
            assertThat(value.length).isLessThanOrEqualTo(bytes.length - 4);
        }
    }

    @Property
    void whatIsWrittenIsRead(
            @ForAll int number,
            @ForAll @Size(max = 100) byte[] bytes,
            @ForAll @IntRange(min = 0, max = 255) int small) {
        NetlinkMessage message = new NetlinkMessage(16, 0);
        message.attribute8(1, small)
                .attribute(2, bytes)
                .nested(3, () -> message.attribute(4, number).attribute(5, "text"));
        int length = message.finish(7);
        UnsafeBuffer buffer = new UnsafeBuffer(message.memory());
        NetlinkAttributes attributes = new NetlinkAttributes(buffer, NetlinkMessage.HEADER_LENGTH, length);
        assertThat(attributes.uint8(1, -1)).isEqualTo(small);
        assertThat(attributes.bytes(2)).isEqualTo(bytes);
        assertThat(attributes.nested(3).uint32(4, 0)).isEqualTo(number);
        assertThat(attributes.nested(3).text(5)).isEqualTo("text");
        assertThat(attributes.has(6)).isFalse();
        assertThat(attributes.uint32(1, -1)).as("too short for 32 bits").isEqualTo(-1);
    }
}
