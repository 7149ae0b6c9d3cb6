#include "services/settings/profiles.h"

namespace hikyaku::settings {

std::span<const Profile> all_profiles() {
  static const std::vector<Profile> profiles = {
      {"standard", "What the RFCs ask for: the presets of this manual.", "RFC に沿った既定値。", {}},
      // E-Post's documented defaults: リトライ回数(受信拒否) 9, 回線異常 8 h, マシン無応答 24 h.
      {"epost", "The retry limits E-Post Mail Server ships with.", "E-Post Mail Server の既定の再送制限。",
       {{"delivery", "refused_attempts", std::int64_t{9}},
        {"delivery", "transient_period", std::string{"8h"}},
        {"delivery", "unanswered_period", std::string{"24h"}},
        {"delivery", "delay_notice", std::string{"0s"}},
        {"delivery", "connections", std::int64_t{30}}}}};  // マルチスレッド数
  return profiles;
}

}  // namespace hikyaku::settings
