/** The Container Network Interface: what container runtimes ask of weir, and the attachments that it has made for them. */
@NullMarked
package io.weir.agent.cni;

import org.jspecify.annotations.NullMarked;
