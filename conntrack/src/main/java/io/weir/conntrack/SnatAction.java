package io.weir.conntrack;

/** What a {@link SnatRule} does to the source. */
public enum SnatAction {
    /** It stays. */
    KEEP,
    /** It becomes the address of the way out. */
    MASQUERADE,
    /** It becomes an address of the rule's pool: always the same one for one sender, as long as that has ports. */
    POOL
}
