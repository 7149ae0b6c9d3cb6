#include "services/delivery/hold_count.h"

#include <map>

namespace hikyaku::delivery {
namespace {

bool envelope_matches(const directory::Hold& hold, const Envelope& envelope, std::uint32_t recipient, std::string_view destination) {
  const auto& address = envelope.recipients[recipient].address;
  const std::string sender = envelope.reverse_path.text(), mailbox = address.text();
  return directory::selects(hold, {address.domain, destination, sender, envelope.account, mailbox});
}

}  // namespace

HoldCount count_held(spool::Spool& spool, const directory::Hold& hold, std::size_t most) {
  HoldCount count;
  std::map<TraceId, std::vector<std::pair<std::uint32_t, std::string>>> look;  // only the message tells
  std::size_t looked = 0;
  spool.for_each_deferred([&](const spool::DeferredRecipient& one) {
    const bool sure = directory::selects_all_of(hold, one.schedule.destination);
    if (sure) ++count.deferred;
    if (hold.scope == directory::HoldScope::All || hold.scope == directory::HoldScope::Route || hold.scope == directory::HoldScope::Chosen) {
      if (!sure) return;  // nothing but the destination decides
    }
    if (look.size() < most) look[one.id].emplace_back(one.schedule.recipient, one.schedule.destination);
    else count.whole = false;
  });
  for (const auto& [id, recipients] : look) {
    const auto envelope = spool.envelope({id, 0, {}});
    if (!envelope) continue;  // settled meanwhile, or damaged
    bool any = false;
    for (const auto& [recipient, destination] : recipients) {
      const bool sure = directory::selects_all_of(hold, destination);
      if (!sure && (recipient >= envelope->recipients.size() || !envelope_matches(hold, *envelope, recipient, destination))) continue;
      any = true;
      if (!sure) ++count.deferred;
    }
    if (any) count.octets += envelope->body_octets;
  }
  if (hold.scope == directory::HoldScope::Chosen) return count;  // all of it is in holding
  std::vector<spool::MessageRef> fresh;
  spool.for_each_fresh([&](const spool::MessageRef& message) { fresh.push_back(message); });
  for (const auto& message : fresh) {
    if (++looked > most) {
      count.whole = false;
      break;
    }
    const auto envelope = spool.envelope(message);
    if (!envelope) continue;
    const auto before = count.incoming;
    for (const auto n : spool.fresh_recipients(message)) count.incoming += n < envelope->recipients.size() && envelope_matches(hold, *envelope, n, "") ? 1 : 0;
    if (count.incoming > before) count.octets += envelope->body_octets;
  }
  return count;
}

}  // namespace hikyaku::delivery
