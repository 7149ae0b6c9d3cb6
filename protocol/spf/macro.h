// Macros of SPF (RFC 7208 §7): what domain-specs and explanations may hold, and their expansion. Pure; linear.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hikyaku::spf {

enum class MacroUse : std::uint8_t { Domain, Explanation };  // c, r and t are for explanations only

// macro-string; of explanations a space is part of the text.
[[nodiscard]] bool is_macro_string(std::string_view text, MacroUse use = MacroUse::Domain);
// domain-spec = macro-string domain-end (§7.1).
[[nodiscard]] bool is_domain_spec(std::string_view text);

// The value of a macro letter in lower case. Nothing: not known yet, which ends the expansion.
using MacroValue = std::function<std::optional<std::string>(char letter)>;
// `text` must be valid. At most 64 KiB come out: more is cut.
[[nodiscard]] std::optional<std::string> expand(std::string_view text, const MacroValue& value);

// The rightmost labels of a name that are not too long for DNS (§7.3).
[[nodiscard]] std::string fitting_name(std::string name);

}  // namespace hikyaku::spf
