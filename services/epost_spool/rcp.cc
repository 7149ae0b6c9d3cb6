#include "services/epost_spool/rcp.h"

#include <optional>
#include <set>

#include "base/cursor.h"
#include "protocol/smtp/address.h"

namespace hikyaku::epost_spool {
namespace {

constexpr std::size_t longest_line = 2'000;

struct Line {
  std::size_t number = 0;
  std::string_view text;   // without its end
  std::string_view name;   // before the colon; empty: no colon
  std::string_view value;  // after it, spaces trimmed
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

// Walks the lines that are not empty.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}
  std::optional<Line> next() {
    while (!rest_.empty()) {
      const auto end = rest_.find('\n');
      const auto text = trimmed(rest_.substr(0, end));
      rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
      ++number_;
      if (text.empty()) continue;
      Line line{number_, text, {}, {}};
      if (const auto colon = text.find(':'); colon != std::string_view::npos)
        line.name = trimmed(text.substr(0, colon)), line.value = trimmed(text.substr(colon + 1));
      return line;
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
  std::size_t number_ = 0;
};

std::optional<Damage> foreign_octets(const Line& line) {
  if (line.text.size() > longest_line) return Damage{line.number, "a line of " + std::to_string(line.text.size()) + " octets"};
  for (const char c : line.text)
    if (is_ctl(c) && c != '\t') return Damage{line.number, "control characters"};
  return std::nullopt;
}

std::string_view without_brackets(std::string_view text) {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') return text.substr(1, text.size() - 2);
  return text;
}

Result<Address, Damage> address_of(const Line& line, std::string_view text) {
  auto address = smtp::parse_address(without_brackets(text));
  if (!address) return failure(Damage{line.number, "\"" + std::string(text) + "\" is no address"});
  return std::move(*address);
}

// Adds `address` unless it is there already.
class RecipientSet {
 public:
  explicit RecipientSet(std::vector<Address>& out) : out_(out) {}
  void add(Address address) {
    if (seen_.insert(address).second) out_.push_back(std::move(address));
  }

 private:
  std::vector<Address>& out_;
  std::set<Address> seen_;
};

Result<std::uint32_t, Damage> number_of(const Line& line) {
  Cursor in(line.value);
  const auto number = parse_number(in, UINT32_MAX);
  if (!number || !in.at_end()) return failure(Damage{line.number, "\"" + std::string(line.value) + "\" is no number"});
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

Result<Envelope, Damage> parse_rcp(std::string_view text) {
  if (text.size() > most_rcp_octets) return failure(Damage{0, "larger than any envelope"});
  Envelope envelope;
  RecipientSet recipients(envelope.recipients);
  bool sender_given = false;
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (auto bad = foreign_octets(*line)) return failure(std::move(*bad));
    if (line->name.empty()) return failure(Damage{line->number, "not a field: \"" + std::string(line->text) + "\""});
    if (equal_ignoring_case(line->name, "Message-ID")) {
      envelope.message_id = line->value;
    } else if (equal_ignoring_case(line->name, "Return-path")) {
      if (sender_given) return failure(Damage{line->number, "a second Return-path"});
      sender_given = true;
      if (without_brackets(line->value).empty()) continue;
      TRY(address, address_of(*line, line->value));
      envelope.reverse_path.address = std::move(address);
    } else if (equal_ignoring_case(line->name, "Recipient")) {
      TRY(address, address_of(*line, line->value));
      recipients.add(std::move(address));
      if (envelope.recipients.size() > most_rcp_recipients) return failure(Damage{line->number, "too many recipients"});
    }
  }
  if (!sender_given) return failure(Damage{0, "no Return-path"});
  if (envelope.recipients.empty()) return failure(Damage{0, "no Recipient"});
  return envelope;
}

std::string print_rcp(const Envelope& envelope) {
  std::string out = "Message-ID: " + envelope.message_id + "\r\nReturn-path: " + envelope.reverse_path.text() + "\r\n";
  for (const auto& one : envelope.recipients) out += "Recipient: " + one.text() + "\r\n";
  return out;
}

Result<std::vector<Address>, Damage> parse_recipient_list(std::string_view text) {
  if (text.size() > most_rcp_octets) return failure(Damage{0, "larger than any envelope"});
  std::vector<Address> all;
  RecipientSet recipients(all);
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (auto bad = foreign_octets(*line)) return failure(std::move(*bad));
    const bool is_header = equal_ignoring_case(line->name, "Message-ID") || equal_ignoring_case(line->name, "Return-path");
    if (is_header) continue;
    TRY(address, address_of(*line, equal_ignoring_case(line->name, "Recipient") ? line->value : line->text));
    recipients.add(std::move(address));
    if (all.size() > most_rcp_recipients) return failure(Damage{line->number, "too many recipients"});
  }
  if (all.empty()) return failure(Damage{0, "names no recipient"});
  return all;
}

Result<DomainRetry, Damage> parse_domain_mri(std::string_view text) {
  if (text.size() > 64 << 10) return failure(Damage{0, "larger than any Domain.mri"});
  DomainRetry retry;
  Lines lines(text);
  while (const auto line = lines.next()) {
    if (auto bad = foreign_octets(*line)) return failure(std::move(*bad));
    if (equal_ignoring_case(line->name, "Domain-name")) {
      retry.domain = ascii_lower(line->value);
    } else if (equal_ignoring_case(line->name, "Last-tried")) {
      TRY(number, number_of(*line));
      retry.last_tried = number;
    } else if (equal_ignoring_case(line->name, "Try-number")) {
      TRY(number, number_of(*line));
      retry.tries = number;
    } else if (equal_ignoring_case(line->name, "Err-code")) {
      TRY(number, number_of(*line));
      retry.error_code = number;
    }
  }
  if (retry.domain.empty()) return failure(Damage{0, "no Domain-name"});
  return retry;
}

std::string print_domain_mri(const DomainRetry& retry) {
  return "Domain-name: " + retry.domain + "\r\nLast-tried: " + std::to_string(retry.last_tried) + "\r\nTry-number: " +
         std::to_string(retry.tries) + "\r\nErr-code: " + std::to_string(retry.error_code) + "\r\n";
}

}  // namespace hikyaku::epost_spool
