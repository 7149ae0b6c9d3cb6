// The sections about mail: reception, reading, login, delivery, spool.
#pragma once

#include "services/settings/setting.h"

namespace hikyaku::settings {

using namespace std::chrono_literals;

struct SmtpSection : Section {
  SmtpSection() : Section("smtp", "Reception of mail (service receive).", "メールの受信(receive サービス)。") {}
  Setting<ByteCount> message_size{*this, "message_size", {
      .help = "Largest message accepted, announced by SIZE (RFC 1870).", .help_ja = "受け取るメールの最大サイズ。SIZE で通知する。",
      .preset = MiB(50), .min = KiB(64), .max = GiB(1), .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> recipients{*this, "recipients", {
      .help = "Recipients of one message; more are asked to come in another transaction (452 4.5.3).",
      .help_ja = "1 通あたりの宛先数。超えた宛先には 452 4.5.3 を返す。",
      .preset = 1'000, .min = 100, .max = 100'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> received_fields{*this, "received_fields", {
      .help = "Received fields after which a message is taken to go round in circles and refused (RFC 5321 §6.3 asks for at least 100).",
      .help_ja = "Received ヘッダーがこの数を超えたメールはループとみなして拒否する。",
      .preset = 100, .min = 10, .max = 1'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> text_line{*this, "text_line", {
      .help = "Longest line of a message's text, in octets (RFC 5321 §4.5.3.1.6 asks for 1,000; real mail has more).",
      .help_ja = "本文 1 行の最大オクテット数。", .preset = KiB(64), .min = ByteCount{1'000}, .max = MiB(16),
      .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> command_line{*this, "command_line", {
      .help = "Longest command without parameters, with CRLF (RFC 5321 §4.5.3.1.4 asks for 512); a longer one is answered 500.",
      .help_ja = "パラメータのないコマンド 1 行の最大オクテット数(CRLF を含む)。超えると 500 を返す。",
      .preset = ByteCount{512}, .min = ByteCount{512}, .max = KiB(64), .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> parameter_line{*this, "parameter_line", {
      .help = "Longest MAIL and RCPT with their parameters: 512 and what SIZE, DSN, AUTH, SMTPUTF8 and the other extensions add.",
      .help_ja = "パラメータを含む MAIL と RCPT の最大オクテット数。",
      .preset = ByteCount{2'048}, .min = ByteCount{2'048}, .max = KiB(64), .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> auth_line{*this, "auth_line", {
      .help = "Longest AUTH and response to its challenges (RFC 4954 §4 asks for 12,288).",
      .help_ja = "AUTH とその応答 1 行の最大オクテット数。",
      .preset = ByteCount{12'288}, .min = ByteCount{12'288}, .max = KiB(64), .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> failed_logins{*this, "failed_logins", {
      .help = "Failed logins after which a connection is closed (421).", .help_ja = "この回数だけログインに失敗すると接続を閉じる(421)。",
      .preset = 3, .min = 1, .max = 1'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> errors{*this, "errors", {
      .help = "Wrong commands or refused recipients after which a connection is closed (421).",
      .help_ja = "この回数だけ誤りや拒否が続くと接続を閉じる(421)。",
      .preset = 100, .min = 1, .max = 100'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> free_errors{*this, "free_errors", {
      .help = "Errors of a stranger's connection that cost it nothing; for each further one it waits a second, and for each hundred commands without mail beyond 2,000. 0: nobody waits.",
      .help_ja = "見知らぬ相手の 1 接続で、この回数までの誤りは待たせない。超えた分は 1 回につき、またメールのないまま 2,000 を超えたコマンドは 100 個につき 1 秒待たせる。0 なら待たせない。",
      .preset = 10, .min = 0, .max = 100'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> commands{*this, "commands", {
      .help = "Commands of one connection.", .help_ja = "1 接続で受け付けるコマンド数。",
      .preset = 1'000'000, .min = 100, .max = 1'000'000'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> transactions{*this, "transactions", {
      .help = "Messages of one connection, announced by LIMITS (RFC 9422).", .help_ja = "1 接続で受け取る通数。LIMITS で通知する。",
      .preset = 100'000, .min = 1, .max = 1'000'000'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> idle{*this, "idle", {
      .help = "Wait for the client's next octets (RFC 5321 §4.5.3.2.7 asks for at least 5 minutes).",
      .help_ja = "クライアントの次の入力を待つ時間。", .preset = 5min, .min = 1s, .max = 1h,
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> total_time{*this, "total_time", {
      .help = "Longest life of one connection.", .help_ja = "1 接続の最長時間。",
      .preset = 24h, .min = 1s, .max = 240h, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> connections{*this, "connections", {
      .help = "Connections open at once; more are answered 421.", .help_ja = "同時接続数。超えた接続には 421 を返す。",
      .preset = 10'000, .min = 1, .max = 1'000'000}};
  Setting<Count> connections_per_address{*this, "connections_per_address", {
      .help = "Connections open at once from one address (an IPv6 /64 counts as one).",
      .help_ja = "1 アドレスからの同時接続数(IPv6 は /64 を 1 とする)。", .preset = 200, .min = 1, .max = 1'000'000}};
  Setting<bool> loose_dots{*this, "loose_dots", {
      .help = "Takes addresses such as a..b@docomo.ne.jp and a.@docomo.ne.jp without the quotes RFC 5321 asks for; mobile carriers in "
              "Japan gave them out, and many programs write them so.",
      .help_ja = "a..b@docomo.ne.jp や a.@docomo.ne.jp のような、RFC では引用符が要るアドレスをそのまま受け付ける。",
      .preset = false, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> over_quota{*this, "over_quota", {
      .help = "Mail for a full mailbox, at RCPT and at delivery: deferred (452 4.2.2: the sender's server keeps it and tries again) or "
              "refused (552 5.2.2: the sender is told at once).",
      .help_ja = "容量いっぱいのメールボックス宛のメール。defer は 452 4.2.2 で送信側に待たせ、refuse は 552 5.2.2 で直ちに断る(配送時も同じ)。",
      .preset = "defer", .choices = {"defer", "refuse"}}};
  Setting<Texts> relay_networks{*this, "relay_networks", {
      .help = "Networks that may send to any domain without logging in.",
      .help_ja = "ログインせずにどの宛先へも送れるネットワーク。", .takes_effect = TakesEffect::NewConnections}};
  Setting<bool> priority{*this, "priority", {
      .help = "Announce MT-PRIORITY (RFC 6710): urgent mail overtakes other mail for the same destination. Positive priorities count from "
              "clients that logged in and from priority_networks; from others they become 0.",
      .help_ja = "MT-PRIORITY(RFC 6710)を通知する。優先度の高いメールは同じ宛先の他のメールを追い越す。正の優先度はログインした相手と "
                 "priority_networks からのみ有効で、それ以外では 0 とする。",
      .preset = true, .takes_effect = TakesEffect::NewConnections}};
  Setting<Text> priority_policy{*this, "priority_policy", {
      .help = "Name of the priority assignment policy announced (RFC 6710 section 9.2). Empty: none.",
      .help_ja = "通知する優先度割り当てポリシーの名前。空なら通知しない。",
      .preset = "MIXER", .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> priority_most{*this, "priority_most", {
      .help = "Highest priority granted; a higher one asked for becomes this.", .help_ja = "認める優先度の上限。超える要求はこの値になる。",
      .preset = 9, .min = 0, .max = 9, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> priority_networks{*this, "priority_networks", {
      .help = "Networks whose priorities count without logging in.", .help_ja = "ログインなしで優先度を認めるネットワーク。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> future_release{*this, "future_release", {
      .help = "Longest time for which a submitted message may be held back (FUTURERELEASE, RFC 4865: HOLDFOR, HOLDUNTIL); 0s: not offered.",
      .help_ja = "送信予約(FUTURERELEASE、RFC 4865)で保留できる最長時間。0s なら提供しない。",
      .preset = 720h, .min = 0s, .max = 8784h, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> future_release_messages{*this, "future_release_messages", {
      .help = "Messages that one account may have held back at once (552 5.7.16); 0: any number.",
      .help_ja = "1 アカウントが同時に予約(保留)できる通数。超えると 552 5.7.16。0 なら無制限。",
      .preset = 1'000, .min = 0, .max = 1'000'000'000, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> future_release_space{*this, "future_release_space", {
      .help = "Octets that the messages of one account that are held back may take together (552 5.7.16); 0: any.",
      .help_ja = "1 アカウントが予約(保留)しているメールの合計サイズの上限。超えると 552 5.7.16。0 なら無制限。",
      .preset = MiB(500), .min = ByteCount{0}, .max = GiB(1'000), .takes_effect = TakesEffect::NewConnections}};
  Setting<bool> deliver_by{*this, "deliver_by", {
      .help = "Announce DELIVERBY (RFC 2852): a message that is not delivered in the time its sender gave is returned, or its sender is told.",
      .help_ja = "DELIVERBY(RFC 2852)を通知する。送信者の指定した時間内に配送できないメールを返送するか、送信者に知らせる。",
      .preset = true, .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> deliver_by_least{*this, "deliver_by_least", {
      .help = "Shortest time in which a message may have to be delivered or returned (BY=...;R), announced by DELIVERBY; 0s: any.",
      .help_ja = "「時間内に配送できなければ返送」(BY=…;R)で指定できる最短時間。DELIVERBY で通知する。0s なら制限しない。",
      .preset = 30s, .min = 0s, .max = 24h, .takes_effect = TakesEffect::NewConnections}};
  Setting<bool> etrn{*this, "etrn", {
      .help = "Take ETRN (RFC 1985) on the SMTP port from etrn_networks, and from clients that logged in as the postmaster of the domain: mail that waits for it is tried at once.",
      .help_ja = "SMTP ポートで ETRN(RFC 1985)を受け付ける。etrn_networks、またはそのドメインの postmaster としてログインした相手からの要求で、ドメイン宛に待っているメールをすぐに送る。",
      .preset = true, .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> etrn_networks{*this, "etrn_networks", {
      .help = "Networks that may use ETRN without logging in.", .help_ja = "ログインなしで ETRN を使えるネットワーク。",
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Texts> unlimited_networks{*this, "unlimited_networks", {
      .help = "Networks to which connections_per_address does not apply.",
      .help_ja = "connections_per_address を適用しないネットワーク。", .preset = {"127.0.0.0/8", "::1"},
      .takes_effect = TakesEffect::NewConnections}};
};

struct ImapSection : Section {
  ImapSection() : Section("imap", "IMAP (services imap-front and imap-store).", "IMAP(imap-front と imap-store)。") {}
  Setting<Seconds> idle{*this, "idle", {
      .help = "Silence after which a session is closed (RFC 9051 §5.4 asks for at least 30 minutes).",
      .help_ja = "無通信のセッションを閉じるまでの時間。", .preset = 30min, .min = 1s, .max = 24h,
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> login_time{*this, "login_time", {
      .help = "Time a client has to log in.", .help_ja = "ログインを終えるまでの時間。",
      .preset = 3min, .min = 1s, .max = 1h, .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> append_size{*this, "append_size", {
      .help = "Largest message taken by APPEND, announced by APPENDLIMIT (RFC 7889).",
      .help_ja = "APPEND で受け取るメールの最大サイズ。", .preset = MiB(50), .min = KiB(64), .max = GiB(1),
      .takes_effect = TakesEffect::NewConnections}};
  Setting<ByteCount> command_size{*this, "command_size", {
      .help = "Longest command, message literals apart.", .help_ja = "コマンドの最大長(メール本文のリテラルを除く)。",
      .preset = KiB(64), .min = KiB(8), .max = MiB(16), .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> connections{*this, "connections", {
      .help = "Connections open at once.", .help_ja = "同時接続数。", .preset = 20'000, .min = 1, .max = 1'000'000}};
  Setting<Count> connections_per_address{*this, "connections_per_address", {
      .help = "Connections open at once from one address.", .help_ja = "1 アドレスからの同時接続数。",
      .preset = 1'000, .min = 1, .max = 1'000'000}};
};

struct Pop3Section : Section {
  Pop3Section() : Section("pop3", "POP3 (services pop3-front and pop3-store).", "POP3(pop3-front と pop3-store)。") {}
  Setting<Seconds> idle{*this, "idle", {
      .help = "Silence after which a session is closed without deleting (RFC 1939 §3 asks for at least 10 minutes).",
      .help_ja = "無通信のセッションを削除なしで閉じるまでの時間。", .preset = 10min, .min = 1s, .max = 24h,
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> login_time{*this, "login_time", {
      .help = "Time a client has to log in.", .help_ja = "ログインを終えるまでの時間。",
      .preset = 3min, .min = 1s, .max = 1h, .takes_effect = TakesEffect::NewConnections}};
  Setting<Count> connections{*this, "connections", {
      .help = "Connections open at once.", .help_ja = "同時接続数。", .preset = 5'000, .min = 1, .max = 1'000'000}};
  Setting<Count> connections_per_address{*this, "connections_per_address", {
      .help = "Connections open at once from one address.", .help_ja = "1 アドレスからの同時接続数。",
      .preset = 200, .min = 1, .max = 1'000'000}};
};

struct AuthSection : Section {
  AuthSection() : Section("auth", "Logins (service auth).", "ログイン(auth サービス)。") {}
  Setting<bool> slow_failures{*this, "slow_failures", {
      .help = "Answer failed logins ever more slowly, by address and by account; off only in test rigs.",
      .help_ja = "失敗したログインへの応答を次第に遅くする。切るのは試験環境だけ。", .preset = true}};
  Setting<Texts> plaintext_login_networks{*this, "plaintext_login_networks", {
      .help = "Networks that may log in without TLS (copiers, old devices).",
      .help_ja = "TLS なしのログインを許すネットワーク(複合機や古い機器)。", .preset = {"127.0.0.0/8", "::1"},
      .takes_effect = TakesEffect::NewConnections}};
  Setting<Seconds> remember{*this, "remember", {
      .help = "Time a password just verified is recognised without deriving the hash again; 0s: never.",
      .help_ja = "検証済みパスワードを再計算なしで認める時間。0s なら毎回計算する。", .preset = 5min, .min = 0s, .max = 1h}};
};

struct DeliverySection : Section {
  DeliverySection() : Section("delivery", "Delivery and retries (service deliver).", "配送と再送(deliver サービス)。") {}
  Setting<Count> refused_attempts{*this, "refused_attempts", {
      .help = "Attempts when the next hop refuses for good (5xx); 1: no retry (RFC 5321 §4.2.1).",
      .help_ja = "受信拒否(5xx)のときの試行回数。1 なら再送しない。", .preset = 1, .min = 1, .max = 1'000}};
  Setting<Seconds> transient_period{*this, "transient_period", {
      .help = "Time a recipient is retried while the next hop answers 4xx.",
      .help_ja = "一時エラー(4xx、回線異常)のときに再送を続ける期間。", .preset = 120h, .min = 1s, .max = 2400h}};
  Setting<Seconds> unanswered_period{*this, "unanswered_period", {
      .help = "Time a recipient is retried while nothing answers or DNS fails.",
      .help_ja = "相手無応答や DNS 障害のときに再送を続ける期間。", .preset = 120h, .min = 1s, .max = 2400h}};
  Setting<Seconds> retry_interval{*this, "retry_interval", {
      .help = "Wait before trying a deferred recipient again.", .help_ja = "リトライ間隔。",
      .preset = 120s, .min = 1s, .max = 24h}};
  Setting<Text> retry_growth{*this, "retry_growth", {
      .help = "Whether the wait grows with each attempt or stays constant.",
      .help_ja = "リトライ間隔を次第に延ばすか、一定のままにするか。", .preset = "growing", .choices = {"growing", "constant"}}};
  Setting<Seconds> retry_interval_max{*this, "retry_interval_max", {
      .help = "Longest wait between two attempts while it grows.", .help_ja = "延びるリトライ間隔の上限。",
      .preset = 4h, .min = 1s, .max = 48h}};
  Setting<Seconds> error_mail_period{*this, "error_mail_period", {
      .help = "Time an error mail (null sender) is retried, whatever keeps it from its recipient; refusals are counted.",
      .help_ja = "エラーメール(送信者が空)の再送を続ける期間。受信拒否は回数で数える。", .preset = 120h, .min = 1s, .max = 2400h}};
  Setting<Seconds> greylist_interval{*this, "greylist_interval", {
      .help = "Wait before trying a greylisting site again whose wait is not known yet. It never grows.",
      .help_ja = "待ち時間をまだ学習していないグレイリスト先へのリトライ間隔。延びない。", .preset = 5min, .min = 1s, .max = 24h}};
  Setting<Texts> retry_rules{*this, "retry_rules", {
      .help = "Rules for some destinations: \"DOMAIN|HOST|via:HOST CLASS attempts=9 period=48h interval=5m longest=4h growth=constant\"; the first row wins.",
      .help_ja = "宛先や経路ごとの再送規則。「ドメイン|ホスト|via:ホスト 分類 period=48h interval=5m …」。先の行が優先。"}};
  Setting<Count> connections{*this, "connections", {
      .help = "Outgoing connections open at once (E-Post's threads); 0: chosen by the machine, 100 for each processor.",
      .help_ja = "同時に開く送信接続の数(E-Post のスレッド数)。0 なら機械に応じて決める(1 コアにつき 100)。",
      .preset = 0, .min = 0, .max = 100'000}};
  Setting<Count> fresh_share{*this, "fresh_share", {
      .help = "Percent of connections and look-ups that retries never use.", .help_ja = "再送に使わせない接続・名前解決の割合(%)。",
      .preset = 50, .min = 0, .max = 90}};
  Setting<Count> retry_share{*this, "retry_share", {
      .help = "Percent of connections and look-ups that fresh mail never uses.", .help_ja = "新規メールに使わせない接続・名前解決の割合(%)。",
      .preset = 10, .min = 0, .max = 90}};
  Setting<Texts> connection_limits{*this, "connection_limits", {
      .help = "Limits for some destinations: \"DOMAIN|HOST|via:HOST NUMBER\"; the first row wins, others have connections_per_destination.",
      .help_ja = "宛先や経路ごとの接続数の上限。「ドメイン|ホスト|via:ホスト 数」。先の行が優先。"}};
  Setting<Count> connections_per_destination{*this, "connections_per_destination", {
      .help = "Outgoing connections open at once to one destination.", .help_ja = "1 宛先へ同時に開く接続の数。",
      .preset = 20, .min = 1, .max = 10'000}};
  Setting<Texts> source_limits{*this, "source_limits", {
      .help = "Deliveries under way at once from one of our own addresses: \"192.0.2.7 NUMBER\", or \"default NUMBER\" for mail whose row names no source.",
      .help_ja = "送信元アドレスごとの同時配送数の上限。「192.0.2.7 数」。source を指定しない行や MX による配送は「default 数」。"}};
  Setting<Count> messages_per_connection{*this, "messages_per_connection", {
      .help = "Messages sent over one outgoing connection before it is closed.", .help_ja = "1 本の送信接続で送る通数。",
      .preset = 1'000, .min = 1, .max = 1'000'000}};
  Setting<Seconds> connect_time{*this, "connect_time", {
      .help = "Wait for one address of a next hop to answer a connection.", .help_ja = "相手への接続を待つ時間。",
      .preset = 30s, .min = 1s, .max = 10min}};
  Setting<Seconds> reply_time{*this, "reply_time", {
      .help = "Wait for a reply to a command (RFC 5321 §4.5.3.2: 5 minutes; the final one of DATA gets twice this).",
      .help_ja = "コマンドへの応答を待つ時間(DATA の最終応答は 2 倍)。", .preset = 5min, .min = 1s, .max = 1h}};
  Setting<Seconds> delay_notice{*this, "delay_notice", {
      .help = "Time after the first failed attempt when the sender is told, once, that mail is delayed; 0s: never.",
      .help_ja = "最初の配送失敗からこの時間が経つと、遅延を送信者に一度だけ知らせる。0s なら知らせない。",
      .preset = 4h, .min = 0s, .max = 240h}};
  Setting<Seconds> propose_hold_after{*this, "propose_hold_after", {
      .help = "Silence of a next hop of the route table after which a hold is proposed (log, `hikyaku hold list`); 0s: never.",
      .help_ja = "経路表の配送先がこの時間応答しないと、保留を提案する(ログ、hikyaku hold list)。0s なら提案しない。",
      .preset = 1h, .min = 0s, .max = 240h}};
  Setting<bool> automatic_hold{*this, "automatic_hold", {
      .help = "Make the hold that would be proposed: mail for that host waits without a clock, the host is asked every few minutes, and the hold is released when it answers.",
      .help_ja = "提案の代わりに自動で保留する。その配送先宛のメールは期限が進まずに待ち、数分ごとに応答を確かめ、応答すれば解除する。", .preset = false}};
  Setting<bool> rewrite_senders{*this, "rewrite_senders", {
      .help = "Rewrite the envelope sender of mail that is forwarded elsewhere for senders elsewhere (SRS), so that the next hop's SPF check passes. Bounces find back for 21 days, also after this was switched off.",
      .help_ja = "外部からのメールを外部へ転送するとき、エンベロープの差出人を書き換える(SRS)。転送先の SPF 検査に通るようにするため。エラーメールは 21 日間、元の差出人に戻る(切った後も)。",
      .preset = true}};
  Setting<Text> report_language{*this, "report_language", {
      .help = "Language of bounces and delay notices: by the sender's domain (Japanese above English for .jp, English above "
              "Japanese for others), or one alone.",
      .help_ja = "エラーメールや遅延通知の言語。by-domain は .jp の送信者には日本語と英語、ほかには英語と日本語の順で併記する。",
      .preset = "by-domain", .choices = {"by-domain", "japanese", "english"}}};
  Setting<Texts> report_japanese_domains{*this, "report_japanese_domains", {
      .help = "Sender domains that get Japanese first as .jp does, their subdomains included.",
      .help_ja = ".jp と同じく日本語を先に書く送信者ドメイン(サブドメインを含む)。"}};
  Setting<Text> hosts_file{*this, "hosts_file", {
      .help = "File of fixed addresses asked before DNS, after the file hosts in the data folder; both are read again when they change. Empty: none.",
      .help_ja = "DNS より先に調べる hosts ファイル。データフォルダの hosts が優先する。変更は自動的に反映される。空なら使わない。",
      .preset = "/etc/hosts"}};
  Setting<Text> trust_anchors{*this, "trust_anchors", {
      .help = "File of DNSSEC trust anchors, such as /usr/share/dns/root.key of the package dns-root-data: answers are validated, and next hops that publish TLSA records are spoken to as those say (DANE, RFC 7672). The DNS servers asked must pass DNSSEC records on. Empty: no validation, no DANE.",
      .help_ja = "DNSSEC のトラストアンカーのファイル(dns-root-data の /usr/share/dns/root.key など)。応答を検証し、TLSA レコードのある配送先には DANE(RFC 7672)で接続する。問い合わせ先の DNS サーバが DNSSEC を通す必要がある。空なら検証も DANE も行わない。",
      .preset = "", .takes_effect = TakesEffect::ServiceRestart}};
  Setting<Text> authorities_file{*this, "authorities_file", {
      .help = "PEM file of the authorities that next hops and policy hosts are verified by (tls=verified, MTA-STS); empty: the system's.",
      .help_ja = "配送先や MTA-STS ポリシーのサーバ証明書を検証する認証局の PEM ファイル。空ならシステムのもの。",
      .preset = "", .takes_effect = TakesEffect::ServiceRestart}};
  Setting<bool> mta_sts{*this, "mta_sts", {
      .help = "Fetches and keeps to the MTA-STS policies of recipients' domains (RFC 8461). What a host publishes by DANE comes first.",
      .help_ja = "宛先ドメインの MTA-STS ポリシー(RFC 8461)を取得して従う。DANE のある相手では DANE が優先する。", .preset = true}};
  Setting<bool> tls_reports{*this, "tls_reports", {
      .help = "Tells the owners of domains that ask for it (a TXT record at _smtp._tls) once a day how TLS with them went (RFC 8460).",
      .help_ja = "_smtp._tls の TXT レコードで求めているドメインに、TLS の成否を 1 日 1 回報告する(RFC 8460)。", .preset = true}};
  Setting<Text> tls_report_contact{*this, "tls_report_contact", {
      .help = "Address that reports about TLS come from and name; empty: postmaster at this server's name.",
      .help_ja = "TLS の報告の差出人および連絡先とするアドレス。空ならこのサーバ名の postmaster。", .preset = ""}};
  Setting<Texts> resolvers{*this, "resolvers", {
      .help = "DNS servers asked (\"address\" or \"address@port\"), another when one does not answer; empty: those of /etc/resolv.conf.",
      .help_ja = "問い合わせる DNS サーバ。応答がなければ次を使う。空なら /etc/resolv.conf に従う。", .takes_effect = TakesEffect::ServiceRestart}};
};

struct SpoolSection : Section {
  SpoolSection() : Section("spool", "The queue: incoming, holding, domains.", "キュー(incoming、holding、domains)。") {}
  Setting<ByteCount> reserve{*this, "reserve", {
      .help = "Free disk below which reception stops (452 4.3.1), so that logs and delivery can go on.",
      .help_ja = "空き容量がこれを下回ると受信を止める(452 4.3.1)。ログと配送のための予備。",
      .preset = GiB(1), .min = MiB(1), .max = ByteCount{1ULL << 50}, .takes_effect = TakesEffect::ServiceRestart}};
  Setting<ByteCount> memory{*this, "memory", {
      .help = "Message text held in memory by receive before clients must wait.",
      .help_ja = "receive が同時にメモリに持つ本文の上限。", .preset = MiB(256), .min = MiB(8), .max = GiB(64),
      .takes_effect = TakesEffect::ServiceRestart}};
};

}  // namespace hikyaku::settings
