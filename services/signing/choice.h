// Whose name a copy that leaves is signed with. Pure.
//
// A signature says: this is from us. So it is made for mail that began here (somebody logged in, a network that may relay, mail we
// made), by the domain of From or else of the reverse-path; and for what a list of ours sends to its members. What strangers wrote
// and we only forward is not signed, whatever its From claims: our signature would make a forgery genuine (docs/adr/0026-signer.md). It is sealed: a
// seal says only what we found out when it came (docs/adr/0034-arc-seals.md).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/socket_address.h"
#include "mail/envelope.h"
#include "services/directory/directory.h"

namespace hikyaku::signing {

enum class Origin : std::uint8_t { Here, List, Elsewhere };
// `relay_networks`: of the settings; the directory's networks count too.
[[nodiscard]] Origin origin_of(const Envelope& envelope, const directory::Snapshot& directory, std::span<const io::IpNetwork> relay_networks);

// The active keys of the domain, or else of the nearest domain above it that has some: one of each algorithm at most. None: of no
// domain in that line.
[[nodiscard]] std::vector<directory::DkimKey> active_keys(const directory::Snapshot& directory, std::string_view domain);

// `author`: the one domain of From (A-labels); nothing: there is none.
[[nodiscard]] std::vector<directory::DkimKey> keys_for(const directory::Snapshot& directory, Origin origin, const ReversePath& reverse_path,
                                                       const std::optional<std::string>& author);

// The key that seals (ARC) what others wrote and we send on under an envelope sender of ours: a forward whose sender was rewritten, a list. The active RSA
// key of that sender's domain, since few verifiers know another algorithm; nothing: it is not sealed.
[[nodiscard]] std::optional<directory::DkimKey> seal_key_for(const directory::Snapshot& directory, Origin origin, const ReversePath& reverse_path);

// Whether any mail at all is signed now.
[[nodiscard]] bool signs_any(const directory::Snapshot& directory);

}  // namespace hikyaku::signing
