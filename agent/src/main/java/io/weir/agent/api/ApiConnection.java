package io.weir.agent.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.TooLongFrameException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: its first line is the question, which a virtual thread answers. Another line asks for the end of an answer that has
 * none of its own: what was seen until then is still sent. A client that hangs up gets no more, and one that closes its half
 * while more is on its way than its socket takes may lose the rest: then Netty's epoll can't wait until it is writable.
 */
final class ApiConnection extends SimpleChannelInboundHandler<ByteBuf> {
    private static final Logger LOGGER = LoggerFactory.getLogger(ApiConnection.class);

    private final Map<String, ApiRequest> requests;
    private @Nullable ApiAnswer answer;

    ApiConnection(Map<String, ApiRequest> requests) {
        this.requests = requests;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf line) {
        if (answer == null) {
            final ApiAnswer begun = new ApiAnswer(context.channel());
            answer = begun;
            final String question = line.toString(StandardCharsets.UTF_8);
            Thread.ofVirtual().name("weir-api-request").start(() -> answer(question, begun));
        } else {
            answer.end();
        }
    }

    private void answer(String line, ApiAnswer begun) {
        try {
            try {
                final JsonNode question = ApiAnswer.MAPPER.readTree(line);
                final String name = question.path("request").asText();
                final ApiRequest request = requests.get(name);
                if (request == null) {
                    throw new ApiException("unknown request '" + name + "'; this weir knows "
                            + String.join(", ", new TreeSet<>(requests.keySet())));
                }
                request.answer(question, begun);
                begun.line(Map.of("end", true));
            } catch (final JsonProcessingException e) {
                begun.line(Map.of("error", "the question is no JSON: " + e.getOriginalMessage()));
            } catch (final ApiException | IllegalArgumentException e) {
                begun.line(Map.of("error", String.valueOf(e.getMessage())));
            }
        } catch (final IOException e) {
            LOGGER.debug("a client went away: {}", e.getMessage());
        } catch (final RuntimeException e) {
            LOGGER.error("a request failed: {}", line, e);
        } finally {
            begun.finish();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            // a stream ends here; what has an end of its own is still sent
            if (answer == null) {
                final ChannelFuture _ = context.close();
            } else {
                answer.end();
            }
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (answer != null) {
            answer.changed();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        if (answer != null) {
            answer.end();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) throws IOException {
        if (cause instanceof TooLongFrameException && answer == null) {
            final ApiAnswer refusal = new ApiAnswer(context.channel());
            answer = refusal;
            refusal.line(Map.of("error", "the question is longer than " + ApiServer.MAX_QUESTION_BYTES + " bytes"));
            refusal.finish();
        } else {
            LOGGER.debug("a connection ended: {}", cause.getMessage());
            final ChannelFuture _ = context.close();
        }
    }
}
