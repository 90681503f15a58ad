package io.weir.agent.status;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** One client's requests. */
final class StatusHandler extends SimpleChannelInboundHandler<HttpObject> {
    private static final String PLAIN = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    private final AgentStatus status;
    private String path = "";
    private HttpMethod method = HttpMethod.GET;

    StatusHandler(AgentStatus status) {
        this.status = status;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part.decoderResult().isFailure()) {
            context.writeAndFlush(text(HttpResponseStatus.BAD_REQUEST, PLAIN, "this is no HTTP\n"))
                    .addListener(ChannelFutureListener.CLOSE);
            return;
        }
        if (part instanceof final HttpRequest request) {
            path = new QueryStringDecoder(request.uri()).rawPath();
            method = request.method();
        }
        if (part instanceof LastHttpContent) {
            final ChannelFuture _ = context.writeAndFlush(answer());
        }
    }

    private FullHttpResponse answer() {
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            return text(HttpResponseStatus.METHOD_NOT_ALLOWED, PLAIN, "GET and HEAD only\n");
        }
        return switch (path) {
            case "/metrics" -> metrics();
            case "/healthz", "/livez" -> health(status.notAlive());
            case "/readyz" -> health(status.notReady());
            default -> text(HttpResponseStatus.NOT_FOUND, PLAIN, "there are /metrics, /healthz and /readyz\n");
        };
    }

    private FullHttpResponse metrics() {
        try {
            return text(HttpResponseStatus.OK, PROMETHEUS, status.metrics());
        } catch (final IOException e) {
            return text(HttpResponseStatus.SERVICE_UNAVAILABLE, PLAIN, "the counters can't be read: " + e + "\n");
        }
    }

    private FullHttpResponse health(String problem) {
        return problem.isEmpty()
                ? text(HttpResponseStatus.OK, PLAIN, "ok\n")
                : text(HttpResponseStatus.SERVICE_UNAVAILABLE, PLAIN, problem + "\n");
    }

    private FullHttpResponse text(HttpResponseStatus code, String type, String body) {
        final ByteBuf bytes = Unpooled.copiedBuffer(body, StandardCharsets.UTF_8);
        final int length = bytes.readableBytes();
        final FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, code, method.equals(HttpMethod.HEAD) ? Unpooled.EMPTY_BUFFER : bytes);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, type).set(HttpHeaderNames.CONTENT_LENGTH, length);
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final ChannelFuture _ = context.close(); // the client hung up, or was silent for too long
    }
}
