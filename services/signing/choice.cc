#include "services/signing/choice.h"

#include <algorithm>

#include "services/directory/address_text.h"

namespace hikyaku::signing {

using directory::DkimKey;
using directory::DkimStage;

Origin origin_of(const Envelope& envelope, const directory::Snapshot& directory, std::span<const io::IpNetwork> relay_networks) {
  if (!envelope.reverse_path.is_null() && directory.list_of_bounces(envelope.reverse_path.address) != nullptr) return Origin::List;
  if (!envelope.account.empty() || envelope.client_address.empty()) return Origin::Here;
  if (directory.network(envelope.client_address).relay == directory::Enabled::Yes) return Origin::Here;
  const auto address = io::IpAddress::parse(envelope.client_address);
  const bool listed = address && std::ranges::any_of(relay_networks, [&](const io::IpNetwork& network) { return network.contains(*address); });
  return listed ? Origin::Here : Origin::Elsewhere;
}

std::vector<DkimKey> active_keys(const directory::Snapshot& directory, std::string_view domain) {
  const auto folded = directory::fold_domain(domain);
  std::vector<DkimKey> found;
  for (std::string_view name = folded; found.empty();) {
    for (const auto& key : directory.dkim_keys(name))
      if (key.stage == DkimStage::Active) found.push_back(key);
    const auto dot = name.find('.');
    if (dot == std::string_view::npos) break;
    name.remove_prefix(dot + 1);
  }
  return found;
}

std::vector<DkimKey> keys_for(const directory::Snapshot& directory, Origin origin, const ReversePath& reverse_path, const std::optional<std::string>& author) {
  if (origin == Origin::Elsewhere) return {};
  if (author)
    if (auto keys = active_keys(directory, *author); !keys.empty() && origin == Origin::Here) return keys;
  if (reverse_path.is_null()) return {};
  return active_keys(directory, reverse_path.address.domain);
}

std::optional<DkimKey> seal_key_for(const directory::Snapshot& directory, Origin origin, const ReversePath& reverse_path) {
  if (origin == Origin::Here || reverse_path.is_null()) return std::nullopt;
  for (const auto& key : active_keys(directory, reverse_path.address.domain))
    if (key.algorithm == dkim::Algorithm::RsaSha256) return key;
  return std::nullopt;
}

bool signs_any(const directory::Snapshot& directory) {
  return std::ranges::any_of(directory.contents().dkim_keys, [](const DkimKey& key) { return key.stage == DkimStage::Active; });
}

}  // namespace hikyaku::signing
