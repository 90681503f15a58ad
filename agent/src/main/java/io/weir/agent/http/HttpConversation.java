package io.weir.agent.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpServerKeepAliveHandler;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutHandler;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** One client's questions, answered one after the other; what it sends along is not looked at. */
public final class HttpConversation extends SimpleChannelInboundHandler<HttpObject> {
    private static final int LONGEST_LINE = 1024;
    private static final int LONGEST_HEADERS = 8192;
    private static final int LONGEST_CHUNK = 8192;

    private final HttpAnswers answers;
    private HttpMethod method = HttpMethod.GET;
    private String path = "";

    private HttpConversation(HttpAnswers answers) {
        this.answers = answers;
    }

    /** Makes a connection speak HTTP; it is closed when the client has been silent for so long. */
    public static void begin(ChannelPipeline pipeline, int idleSeconds, HttpAnswers answers) {
        pipeline.addLast(new ReadTimeoutHandler(idleSeconds))
                .addLast(new HttpServerCodec(LONGEST_LINE, LONGEST_HEADERS, LONGEST_CHUNK))
                .addLast(new HttpServerKeepAliveHandler())
                .addLast(new HttpConversation(answers));
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part.decoderResult().isFailure()) {
            final HttpAnswer refusal =
                    new HttpAnswer(HttpResponseStatus.BAD_REQUEST, "text/plain; charset=utf-8", "this is no HTTP\n");
            context.writeAndFlush(response(refusal)).addListener(ChannelFutureListener.CLOSE);
            return;
        }
        if (part instanceof final HttpRequest request) {
            method = request.method();
            path = new QueryStringDecoder(request.uri()).rawPath();
        }
        if (part instanceof LastHttpContent) {
            final HttpAnswer answer = answers.to(new HttpQuestion(
                    method, path, (InetSocketAddress) context.channel().localAddress()));
            final ChannelFuture _ = answer == null ? context.close() : context.writeAndFlush(response(answer));
        }
    }

    private FullHttpResponse response(HttpAnswer answer) {
        final ByteBuf body = Unpooled.copiedBuffer(answer.body(), StandardCharsets.UTF_8);
        final int length = body.readableBytes();
        final FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, answer.status(), method.equals(HttpMethod.HEAD) ? Unpooled.EMPTY_BUFFER : body);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
                .set(HttpHeaderNames.CONTENT_LENGTH, length);
        answer.headers().forEach(response.headers()::set);
        return response;
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        final ChannelFuture _ = context.close(); // the client hung up, or was silent for too long
    }
}
