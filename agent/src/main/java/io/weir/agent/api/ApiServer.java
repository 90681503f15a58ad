package io.weir.agent.api;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.codec.LineBasedFrameDecoder;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Serves the socket: a connection brings one request, a line {@code {"request":NAME,...}}, and gets lines back, the last of
 * which is {@code {"end":true}} or {@code {"error":"..."}}. A client that hangs up ends its stream.
 *
 * <p>The socket is its owner's only. One event loop moves the bytes; each request has a virtual thread of its own, so a slow
 * one blocks no other, and none of them is a worker's.
 */
final class ApiServer implements AutoCloseable {
    /** A CNI configuration with the result of the plugins before is the longest question. */
    static final int MAX_QUESTION_BYTES = 1 << 22;

    private static final int BACKLOG = 1024;

    private final Path socket;
    private final EventLoopGroup loop;
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Channel server;

    /** Binds the socket and starts to answer; an old socket of a weir that was killed is replaced. */
    ApiServer(Path socket, Map<String, ApiRequest> requests) throws IOException {
        this.socket = socket;
        final Map<String, ApiRequest> known = Map.copyOf(requests);
        final ApiTransport transport = ApiTransport.best();
        loop = new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("weir-api", true), transport.handler());
        final ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loop)
                .channel(transport.server())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        connections.add(channel);
                        channel.pipeline()
                                .addLast(new LineBasedFrameDecoder(MAX_QUESTION_BYTES, true, true))
                                .addLast(new ApiConnection(known));
                    }
                });
        try {
            server = bind(bootstrap, transport);
        } catch (final IOException | RuntimeException e) {
            loop.shutdownGracefully(0, 0, TimeUnit.SECONDS).syncUninterruptibly();
            throw e;
        }
    }

    /**
     * Between bind and chmod a socket has the permissions of the process' umask. It spends this moment in a directory that
     * nobody else may enter, and only then gets its name.
     */
    private Channel bind(ServerBootstrap bootstrap, ApiTransport transport) throws IOException {
        final Path folder = Files.createTempDirectory(
                socket.toAbsolutePath().getParent(),
                ".api",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        final Path fresh = folder.resolve("s");
        try {
            final Channel bound = bootstrap
                    .bind(transport.address(fresh))
                    .syncUninterruptibly()
                    .channel();
            try {
                Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
                Files.move(fresh, socket, StandardCopyOption.ATOMIC_MOVE);
                return bound;
            } catch (final IOException | RuntimeException e) {
                bound.close().syncUninterruptibly();
                throw e;
            }
        } finally {
            Files.deleteIfExists(fresh);
            Files.deleteIfExists(folder);
        }
    }

    /** Hangs up on everybody and removes the socket. */
    @Override
    public void close() throws IOException {
        server.close().syncUninterruptibly();
        connections.close().syncUninterruptibly();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        Files.deleteIfExists(socket);
    }
}
