#include "services/delivery/expansion.h"

namespace hikyaku::delivery {
namespace {
constexpr std::size_t most_encoded_extra = 32;  // lengths and flags of one recipient

// What a part has of the message, without its recipients, which may be many.
Envelope start_part(const Envelope& of, const TraceId& id) {
  Envelope part;
  part.id = id;
  part.reverse_path = of.reverse_path;
  part.envelope_id = of.envelope_id;
  part.return_content = of.return_content;
  part.body_type = of.body_type;
  part.smtputf8 = of.smtputf8;
  part.tls_wish = of.tls_wish;
  part.accepted_at = of.accepted_at;
  part.client_address = of.client_address;
  part.client_helo = of.client_helo;
  part.account = of.account;
  part.body_octets = of.body_octets;
  return part;
}

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

std::vector<Envelope> expand_recipient(const Envelope& of, std::uint32_t alias, std::vector<Address> targets,
                                       std::uint16_t generated_journal) {
  const Recipient& from = of.recipients.at(alias);
  // RFC 3461 §5.2.7: the copies carry the original recipient, so that a bounce names what the sender wrote.
  const std::string original = from.original_recipient.empty() ? "rfc822;" + from.address.text() : from.original_recipient;
  const Notify notify = notify_of_copies(from.notify, targets.size());
  std::vector<Envelope> parts;
  std::size_t octets = 0;
  for (auto& target : targets) {
    const auto cost = target.local_part.size() + target.domain.size() + original.size() + most_encoded_extra;
    if (parts.empty() || parts.back().recipients.size() == most_part_recipients || octets + cost > most_part_octets) {
      const std::string kind = parts.empty() ? "alias" : "alias, part " + std::to_string(parts.size() + 1);
      parts.push_back(start_part(of, of.id.derived(from.address.text(), kind, generated_journal)));
      octets = 0;
    }
    octets += cost;
    parts.back().recipients.push_back({std::move(target), original, notify, true});
  }
  return parts;
}

}  // namespace hikyaku::delivery
