//! Turkish, Russian, Ukrainian, Romanian, Czech and Indonesian.

use crate::rules::poaching::concept::*;

pub(super) const WORDS: &[(Concepts, &str)] = &[
    (ME, "bana beni bize bizi мне меня нам нас со_мной mie mine noi îmi mi-l saya aku mě nám nás"),
    (MY, "benim bizim numaram мой моя моё мои моего наш мій моя meu mea meu_personal můj moje saya_punya"),
    (YOUR, "senin sizin numaran numaranı numaranızı numaranız твой твоя твоё ваш ваша ваше ваш* твій tău ta dumneavoastră vostru tvůj tvoje váš kamu anda"),
    (YOU, "sen sana seni siz size sizi ты тебя тебе тобой вы вас вам ти tine vouă ție ty tebe vám vás kamu"),
    (I, "ben biz я мы eu noi já my saya kita kami"),
    (WE, "biz мы давай давайте можем может_быть putem hai_să să pojďme můžeme kita"),
    (CONTACT, "ara arayın arayabilir* ararım arayayım arasana yaz yazın yazar yazabilir* yazış* yazışsak mesaj* ulaş* iletişim*
        позвон* звон* перезвон* пиш* напиш* свяж* связ* набер* скин* подзвон* напиши
        sună sunați sunati suna-mă scrie* scrieți contact* mesaj
        zavol* volej* napiš* piš kontakt* ozv* hubungi telepon chat wa kabari"),
    (TALK, "konuş* konuşalım görüş* sohbet говор* поговор* общ* обсуд* перепис* договор* vorb* vorbim discut* mluv* domluv* ngobrol bicara"),
    (MOVE, "geçelim geç geçsek devam halled* yapalım перейд* переход* продолж* сдела* реш* mutăm mutam trecem continu* facem přejd* přesuň* pindah lanjut"),
    (PAY, " öde ödeme* öderim ödeyelim ödesem ödeyebilir* ödeyim ödeyeyim ödesem yapayım_ödeme плат* заплат* оплат* рассчит* перевед* перевод* сплат*
        plăt* plat* achit* zaplat* platit bayar membayar"),
    (BOOK, "anlaş* anlaşalım çalış* çalışalım tutmak ayarla* ayarlayalım нанять найм* работ* договор* заброниров*
        lucr* angaj* aranjăm rezerv* ne_înțelegem objedn* najm* kerja"),
    (SERVE, "bak bakar bakma* gezdir* гуля* выгул* сид* присмотр* plimb* ai_grijă hlíd* venč* jaga"),
    (DIRECT, "doğrudan direkt direk напрямую лично direct přímo napřímo langsung"),
    (PRIVATELY, "özelden özel_olarak частным частно în_privat privat particular soukromě pribadi"),
    (OUT, "dışında dışından olmadan aracısız çıkar* atla* yerine минуя мимо вне без помимо обойт* в_обход вместо
        fără în_afara pe_lângă ocolim ocol* mimo bez obejít tanpa luar di_luar"),
    (FAR_OUT | OUT, "dışında dışından вне мимо минуя помимо în_afara pe_lângă mimo di_luar"),
    (WITHOUT | OUT, "olmadan aracısız aradan_çıkar* aradan без минуя в_обход обойт* fără ocolim ocolind bez obejít tanpa"),
    (OURSELVES | SECRET, "aramızda kendi_aramızda между_нами только_между_нами между_собой între_noi doar_între_noi mezi_námi antara_kita"),
    (IN, "üzerinden içinde через внутри prin în přes lewat melalui"),
    (INSIDE_APP, "uygulamadan uygulama_üzerinden в_приложении через_приложение prin_aplicație în_aplicație přes_aplikaci"),
    (APP, "uygulama* platform* прилож* платформ* сайт* застосун* aplicați* aplicatia aplicației site-ul aplikac* platformă platforma aplikasi"),
    (AGENCY, "ajans* ajansı acente* aracı* aracıyı şirket* ofis* агентств* посредник* фирм* офис* контор* агенц*
        agenți* agentia intermediar* firmă firma biroul agentur* zprostředk* agen perantara"),
    (FEE, "komisyon* komisyonu kesinti* комисси* процент* сбор* coміс* comision* comisionul taxă taxa proviz* poplat* komisi biaya"),
    (SAVE, "komisyonsuz kurtul* tasarruf без_комиссии сэконом* эконом* избе* econom* scăp* fără ušetř* hemat tanpa"),
    (CASH, "nakit* nakden налич* наличкой кэш* готівк* numerar cash hotov* hotově tunai"),
    (IN_CASH | CASH, "elden nakit_olarak наличными наличкой în_numerar în_mână hotově na_ruku"),
    (HAND, "elden zarf* в_руки на_руки конверт* în_mână plic plicul na_ruku obálk* amplop"),
    (PURSE, "papara* havale* eft ibanı iban* сбербанк* сбер тинькофф* карту на_карту на_карточку номер_карты киви revolut gopay ovo dana rekening"),
    (CHAT, "вотсап* ватсап* вацап* whatsap* телеграм* телег* тг вайбер* вибер* viber* telegram* telegramım"),
    (SOCIAL, "инстаграм* инста* инсту вконтакте вк facebook* instagram* instada facebooku"),
    (NUMBER, "numara* numaran telefonun cep_telefonu номер* телефон* мобильн* număr* numar* numarul telefonul číslo telefonní_číslo nomor nomer"),
    (GIVE, "ver verir verin verebilir* gönder* atar paylaş* kaydet дай дайте дашь скажи скинь скиньте пришли отправ* запиш* остав* обменя* есть
        dă-mi dați-mi da-mi dai trimite* schimb*  lasă* salvează dej dejte dáš pošli* minta kasih kirim bagi simpan"),
    (CHEAP, "ucuz* indirim* дешев* скидк* выгодн* ieftin* reducere levně* sleva murah diskon"),
    (NOT, "değil etmeyin yapmayın gerek_yok не никогда нельзя nu niciodată není nikdy ne jangan tidak"),
    (SIDE, "el_altından kayıt_dışı по-черному в_чёрную мимо_кассы la_negru pe_sub_mână bokem načerno"),
    (KNOW, "bil* bilmesin duymasın знает узна* узнает знать știe afle află ví dozví tahu"),
    (SECRET, "söyleme söylemeyin не_говори не_говорите nu_spune nu_spuneți neříkej jangan_bilang"),
    (NO_NEED, "gerek_yok ne_gerek_var зачем не_нужно не_нужен не_нужна nu_avem_nevoie nu_e_nevoie de_ce_să není_třeba ga_usah"),
    (LATER, "bundan_sonra bir_dahaki в_следующий_раз впредь dată_viitoare de_acum_încolo příště lain_kali"),
    (WOULD, "olur_mu olabilir_mi musun müsün можно можем могли_бы давайте давай хотите putem ați_putea ai_putea můžeme bisa boleh"),
    (SUITS, "daha_iyi daha_kolay удобнее проще лучше быстрее mai_bine mai_ușor mai_simplu lepší snazší lebih_mudah lebih_enak"),
    (ADD, "ekle* takip_et bul найд* добав* подпиш* ищи găsești caută adaugă urmăr* najdeš sleduj cari"),
    (AT, "собака собачка arond arrond zavináč kukac et_işareti"),
    (DOT, "nokta точка крапка punct tečka titik pont"),
    (TLD, "ru tr ro cz hu ua sk bg gr "),
    (PHONE, "ara arayın numaram позвоните позвони звоните звони номер телефон sunați sună-mă număr volejte číslo hubungi"),
    (REFERENCE, "çip sipariş* fatura* чип* заказ* счёт* паспорт* comandă comanda factură factura cip čip objednávk*"),
    (CODE, "şifre* şifresi kodu код пароль cod parola heslo kód"),
    (OTHERS, "veteriner* ветеринар* medicul_veterinar veterinar* veterinář* dokter_hewan"),
    (MONEY, "para parayı parası деньги денег bani banii peníze uang"),
    (TRANSFER, "havale перевод перевести переведу transfer virament převod převodem"),
    (CURRENCY, "lira tl руб рублей ron lei kč korun rupiah"),
];
