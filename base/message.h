/* The form of messages about a file (docs/messages.md): where, code, what, the line itself, further lines. */
#ifndef CALI_BASE_MESSAGE_H
#define CALI_BASE_MESSAGE_H

#include "base/text.h"

/** The file that a message speaks of. `text` may be NULL: no excerpt is shown. Borrowed. */
typedef struct cali_message_file {
    const char *path;
    const char *text;
    size_t size;
} cali_message_file;

/** Appends one message. `head` stands in the place of "path:line:column" and of the excerpt (NULL: they are written);
 *  line 0: the path alone. Each line of `text` after the first begins with its kind ("because ...", "try ...",
 *  "known ..."). Control characters and broken UTF-8 of quoted texts become "?". */
void cali_message_write(cali_text *out, const cali_message_file *file, const char *head, unsigned line,
                        unsigned column, const char *code, const char *text);

#endif
