#include "services/delivery/onward/expansion.h"

namespace hikyaku::delivery {
namespace {
constexpr std::size_t most_encoded_extra = 32;  // lengths and flags of one recipient

// RFC 3461 §5.2.7.2: of several targets the alias is the end that SUCCESS asked for ("expanded"); failures and delays of the
// copies are still told.
Notify notify_of_copies(const Notify& asked, std::size_t targets) {
  if (targets < 2 || !asked.success) return asked;
  Notify left = asked;
  left.success = false;
  left.never = !left.failure && !left.delay;
  return left;
}
}  // namespace

Envelope without_recipients(const Envelope& of) {
  Envelope part;
  part.id = of.id;
  part.reverse_path = of.reverse_path;
  part.envelope_id = of.envelope_id;
  part.return_content = of.return_content;
  part.body_type = of.body_type;
  part.smtputf8 = of.smtputf8;
  part.tls_wish = of.tls_wish;
  part.priority = of.priority;      // RFC 6710 §4.4
  part.deliver_by = of.deliver_by;  // the time of the release is over
  part.accepted_at = of.accepted_at;
  part.client_address = of.client_address;
  part.client_helo = of.client_helo;
  part.account = of.account;
  part.body_octets = of.body_octets;
  return part;
}

Recipient passed_on(const Recipient& of, Address target, std::size_t targets) {
  // RFC 3461 §5.2.7: the copies carry the original recipient, so that a bounce names what the sender wrote.
  return {std::move(target), of.original_recipient.empty() ? "rfc822;" + of.address.text() : of.original_recipient,
          notify_of_copies(of.notify, targets)};
}

std::vector<Envelope> in_parts(const Envelope& start, const Envelope& of, const Address& from, std::string_view kind,
                               std::vector<Recipient> recipients, std::uint16_t generated_journal) {
  std::vector<Envelope> parts;
  std::size_t octets = 0;
  for (auto& recipient : recipients) {
    const auto cost = recipient.address.local_part.size() + recipient.address.domain.size() + recipient.original_recipient.size() + most_encoded_extra;
    if (parts.empty() || parts.back().recipients.size() == most_part_recipients || octets + cost > most_part_octets) {
      std::string part(kind);
      if (!parts.empty()) part += ", part " + std::to_string(parts.size() + 1);
      parts.push_back(start);
      parts.back().id = of.id.derived(from.text(), part, generated_journal);
      octets = 0;
    }
    octets += cost;
    parts.back().recipients.push_back(std::move(recipient));
  }
  return parts;
}

std::vector<Envelope> expand_recipient(const Envelope& of, std::uint32_t alias, std::vector<Address> targets,
                                       std::uint16_t generated_journal) {
  const Recipient& from = of.recipients.at(alias);
  std::vector<Recipient> recipients;
  for (auto& target : targets) {
    recipients.push_back(passed_on(from, std::move(target), targets.size()));
    recipients.back().aliases_done = true;
  }
  return in_parts(without_recipients(of), of, from.address, "alias", std::move(recipients), generated_journal);
}

}  // namespace hikyaku::delivery
