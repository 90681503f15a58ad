package io.weir.agent.status;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import io.weir.agent.http.HttpConversation;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers {@code /metrics}, {@code /healthz}, {@code /livez} and {@code /readyz}, on a thread of its own. */
public final class StatusServer implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(StatusServer.class);
    private static final int IDLE_SECONDS = 60;

    private final EventLoopGroup events = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("weir-status", true), NioIoHandler.newFactory());
    private final ChannelFuture bound;

    /**
     * Listens in the namespace of the thread that calls. An address that can't be listened at is reported and nothing else: a
     * node forwards whether it is watched or not.
     */
    public StatusServer(AgentStatus status, InetSocketAddress address) {
        bound = new ServerBootstrap()
                .group(events)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        HttpConversation.begin(channel.pipeline(), IDLE_SECONDS, new StatusAnswers(status));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (bound.isSuccess()) {
            LOGGER.info("metrics and health at http://{}:{}", address.getHostString(), port());
        } else {
            LOGGER.warn(
                    "no metrics and no health at {}: {}; set status.address and status.port",
                    address,
                    String.valueOf(bound.cause()));
        }
    }

    /** Where it listens; -1 when it could not. */
    public int port() {
        return bound.isSuccess() ? ((InetSocketAddress) bound.channel().localAddress()).getPort() : -1;
    }

    @Override
    public void close() {
        if (bound.isSuccess()) {
            bound.channel().close().syncUninterruptibly();
        }
        final Future<?> _ =
                events.shutdownGracefully(0, 200, TimeUnit.MILLISECONDS); // its thread is a daemon: nobody waits for it
    }
}
