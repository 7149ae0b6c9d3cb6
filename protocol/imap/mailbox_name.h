// Mailbox names: inside Hikyaku they are UTF-8; on the wire they are modified UTF-7 for IMAP4rev1 clients (RFC 3501
// §5.1.3) and UTF-8 for those that enabled IMAP4rev2 (RFC 9051 §5.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::imap {

[[nodiscard]] bool is_valid_utf8(std::string_view text);

// Nothing when the text is not modified UTF-7 (a stray "&", base64 of printable ASCII, half a surrogate pair, ...).
// UTF-8 beyond ASCII is let through: clients that ENABLE nothing but send it are known (and it cannot be confused).
[[nodiscard]] std::optional<std::string> from_modified_utf7(std::string_view text);
// `name` is valid UTF-8.
[[nodiscard]] std::string to_modified_utf7(std::string_view name);

enum class NameForm : unsigned char { ModifiedUtf7, Utf8 };

// The name as the store knows it: UTF-8, any case of INBOX (also as first level, "inbox/x") written "INBOX".
// Nothing when it is not a name of that form, or holds a control character (RFC 5198 §2).
[[nodiscard]] std::optional<std::string> mailbox_from_wire(std::string_view text, NameForm form, char separator);
[[nodiscard]] std::string mailbox_to_wire(std::string_view name, NameForm form);

}  // namespace hikyaku::imap
