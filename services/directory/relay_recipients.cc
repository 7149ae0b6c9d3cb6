#include "services/directory/relay_recipients.h"

#include <algorithm>
#include <array>

#include "services/directory/address_text.h"

namespace hikyaku::directory {
namespace {

constexpr std::array<std::string_view, 3> check_names{"any", "list", "ask"};

constexpr bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

}  // namespace

std::string_view recipient_check_name(RecipientCheck check) { return check_names[static_cast<std::size_t>(check)]; }

std::optional<RecipientCheck> parse_recipient_check(std::string_view name) {
  const auto found = std::ranges::find(check_names, name);
  if (found == check_names.end()) return std::nullopt;
  return static_cast<RecipientCheck>(found - check_names.begin());
}

Result<std::string, std::string> normal_relay_recipient(std::string_view text, std::string_view domain) {
  const std::string shown(text.substr(0, 320)), of(domain);
  if (text.starts_with('@')) return failure("\"" + shown + "\" means every user, which a list cannot say; `hikyaku domain recipients mode " + of + " any` accepts all.");
  if (text.find('*') != std::string_view::npos)
    return failure("\"" + shown + "\" is a pattern; write each address, or let the inner server be asked: hikyaku domain recipients mode " + of + " ask");
  const auto address = parse_address(text);
  if (!address || text.find_first_of(" ,<>\"") != std::string_view::npos) return failure("\"" + shown + "\" is not an address; write user@" + of + ".");
  if (fold_domain(address->domain) != domain) return failure("\"" + shown + "\" is not of " + of + "; import it for its own domain.");
  return fold(*address);
}

ParsedRecipients parse_relay_recipients(std::string_view text, std::string_view domain) {
  ParsedRecipients parsed;
  for (std::size_t line = 1; !text.empty(); ++line) {
    auto row = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    row = without_mark(row);
    while (!row.empty() && is_space(row.back())) row.remove_suffix(1);
    if (row.empty() || row.front() == '#') continue;
    if (is_space(row.front())) {
      parsed.bad.push_back({line, "The row begins with a space, as what continues the row above does in Postfix's tables; write each address at the beginning of its row."});
      continue;
    }
    const auto end = std::ranges::find_if(row, is_space);
    auto address = normal_relay_recipient({row.begin(), end}, domain);
    if (address) parsed.addresses.push_back(*std::move(address));
    else parsed.bad.push_back({line, std::move(address).error()});
  }
  std::ranges::sort(parsed.addresses);
  const auto [twice, end] = std::ranges::unique(parsed.addresses);
  parsed.addresses.erase(twice, end);
  return parsed;
}

}  // namespace hikyaku::directory
