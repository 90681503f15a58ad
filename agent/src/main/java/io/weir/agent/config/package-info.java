/** What an operator may set: the NodeConfig document, its sections and how they are read, checked and written. */
@NullMarked
package io.weir.agent.config;

import org.jspecify.annotations.NullMarked;
