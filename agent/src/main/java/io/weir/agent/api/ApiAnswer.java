package io.weir.agent.api;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.ClosedChannelException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The lines of an answer, each an object. Written by one thread, which waits while the client does not read; any thread may
 * end it.
 */
public final class ApiAnswer {
    /** Leaves it to {@link #flush} when bytes go out. */
    static final ObjectMapper MAPPER = JsonMapper.builder()
            .disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET, JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM)
            .disable(SerializationFeature.FLUSH_AFTER_WRITE_VALUE)
            .build();

    private static final int CHUNK_BYTES = 1 << 16;

    private final Channel channel;
    private ByteBuf chunk;
    private volatile boolean open = true;

    ApiAnswer(Channel channel) {
        this.channel = channel;
        chunk = channel.alloc().buffer();
    }

    /**
     * Adds a line.
     *
     * @throws IOException when the connection is gone
     */
    public void line(Map<String, ? extends @Nullable Object> tree) throws IOException {
        try (ByteBufOutputStream out = new ByteBufOutputStream(chunk)) {
            MAPPER.writeValue((OutputStream) out, tree);
            out.write('\n');
        }
        if (chunk.readableBytes() >= CHUNK_BYTES) {
            flush();
        }
    }

    /**
     * Sends what was added.
     *
     * @throws IOException when the connection is gone
     */
    public void flush() throws IOException {
        if (chunk.isReadable()) {
            final ByteBuf full = chunk;
            chunk = channel.alloc().buffer();
            channel.writeAndFlush(full).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
        awaitWritable();
    }

    private synchronized void awaitWritable() throws IOException {
        try {
            while (channel.isActive() && !channel.isWritable()) {
                wait();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClosedChannelException();
        }
        if (!channel.isActive()) {
            throw new ClosedChannelException();
        }
    }

    /** Event loop: the client has read, or is gone. */
    synchronized void changed() {
        notifyAll();
    }

    /** The client still listens. */
    public boolean isOpen() {
        return open;
    }

    /** The client hung up, or weir ends. */
    void end() {
        open = false;
        changed();
    }

    /** Sends the rest and hangs up. Nothing is added afterwards. */
    void finish() {
        if (channel.isActive()) {
            channel.writeAndFlush(chunk).addListener(ChannelFutureListener.CLOSE);
        } else {
            chunk.release();
        }
    }
}
