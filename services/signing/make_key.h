// New private keys, of the size that is wanted.
#pragma once

#include <string>

#include "base/result.h"
#include "protocol/dkim/keys.h"

namespace hikyaku::signing {

inline constexpr int usual_rsa_bits = 2048, most_made_rsa_bits = 4096;

// `bits`: of RSA, 1024 to 4096 (RFC 8301 §3.2; above 2048 some verifiers do not check). RSA takes 0.1 to several seconds. The error is
// one short reason.
[[nodiscard]] Result<dkim::PrivateKey, std::string> make_key(dkim::Algorithm algorithm, int bits = usual_rsa_bits);

}  // namespace hikyaku::signing
