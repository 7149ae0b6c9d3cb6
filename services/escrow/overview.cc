#include "services/escrow/overview.h"

#include <set>

#include "base/cursor.h"
#include "services/escrow/fingerprint.h"
#include "services/escrow/places.h"
#include "services/policy/greylist.h"
#include "services/quarantine/store.h"

namespace hikyaku::escrow {

Overview overview(io::Disk& disk, const std::string& folder) {
  Overview seen;
  const auto contents = quarantine::Store(disk, folder).list();
  if (!contents) return seen;
  for (const auto& entry : contents->entries) {
    const auto client = io::IpAddress::parse(entry.envelope.client_address);
    if (!client || entry.envelope.recipients.empty()) continue;
    policy::LedgerKey key{policy::network_of(*client), ascii_lower(entry.envelope.reverse_path.text()), ascii_lower(entry.envelope.recipients.front().address.text())};
    seen.copies.emplace(std::move(key), KeptCopy{entry.envelope.id.text(), entry.taken});
  }
  const auto released = folder + "/" + std::string(released_folder);
  const auto names = disk.list(released);
  if (!names) return seen;
  for (const auto& name : *names) {
    if (!is_mark(name)) continue;
    const auto text = io::read_file(disk, released + "/" + name, ReleasedMail::most_octets);
    auto mail = text ? parse_released(*text) : std::nullopt;
    if (mail && !mail->recipient.empty()) seen.released.push_back(*std::move(mail));
  }
  return seen;
}

void settle_released(policy::Ledger& ledger, const Overview& seen) {
  std::set<std::pair<std::string_view, std::string_view>> waiting;
  for (const auto& [key, copy] : seen.copies) waiting.emplace(key.sender, key.recipient);
  for (const auto& mail : seen.released)
    if (const auto from = ascii_lower(mail.sender), to = ascii_lower(mail.recipient); !waiting.contains({from, to})) ledger.released(from, to, mail.at);
}

}  // namespace hikyaku::escrow
