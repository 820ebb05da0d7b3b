//! Words that only the detectors of contacts know, in many languages.

use crate::rules::poaching::concept::*;

pub(super) const WORDS: &[(Concepts, &str)] = &[
    (SERIAL, "rma vat iva mwst ust uid siret siren nif nie cif nit rfc cpf cnpj curp ein pesel regon kvk btw
        folio protocol protocolo protocollo protocole protokoll protokół akte vertrag* contrato contract guia
        ean gtin barcode barkod codabar artikel* serial seriennr seriennummer sn imei mac imsi meid firmware
        version build versión versão versione wersja ios android software ups fedex usps dhl hermes dpd gls evri
        colissimo chronopost postnl inpost bpost posti seur mrw amazon tracking track trace sendung* pedigree akc
        vin plate plates kennzeichen matricula placa targa plaque numberplate nummernschild kunden* mitglied*
        steuer* charge chargen* chargennummer polic* versicherungsnummer expediente partita siniestro
        sinistre schaden* zamówien* zamowien* przesyłk* paczk* заказ* трек* посылк* накладн* договор* полис* серийн*
        sipariş* kargo takip comanda colet objednávk* zásilk* beställning* försändelse tilaus* lähetys* inv kassenbon beleg*
        recibo recibos ricevuta quittung aktenz referencia referência referenz riferimento rif réf lotto lote partida gtin13 ndc sku modelo modell modèle"),
    (SPLICE, "comes follows kommt folgt folgen kommen viene vienen sigue siguen vient viennent suivent vem vêm segue seguem seguono komt volgt idzie następuje идёт kommer følger följer
        first next primeros últimos primeras últimas premiers derniers prime ultime ersten letzten eerste laatste bit bits part piece section chunk half digit digits add finish finishing start starts starting begin begins
        end ending ends tail last lastly final finally rest that's thats it's is are goes go now also plus after afterwards
        second third second's middle front back whole or
        hinten vorne vorn mitte ende endet danach anschließend zuletzt zum schluss schluss ist ende oder erst zuerst teil
        sowie hinterher rest
        luego después despues al final termina acaba empieza sigue seguido o parte mitad es último
        puis après apres termine finit commence par fin reste deuxième partie ou suivi est
        poi alla fine infine finisce inizia dopo resto parte oppure seconda ultima
        depois final termina acaba começa ou fim resto parte seguido
        dan daarna eerst tot slot einde eindigt begint of laatste deel rest
        potem następnie dalej koniec końcówka reszta lub albo
        потом затем дальше конец остальное или и
        sonra son kısım veya sedan därefter sist slut eller derefter så til slutt potom nakonec pak nebo apoi sau lopuksi
        sitten tai"),
    (PREFIX, "vorwahl ortsvorwahl landesvorwahl prefijo préfixe prefisso prefixo indicatif ddd netnummer kengetal riktnummer
        retningsnummer kierunkowy kierunkowym предвыборка předvolba suuntanumero prefix dialling_code "),
    (TIMES, "times mal veces vez fois vezes volte volta keer maal gånger gange razy раза раз kere kez tane krát kertaa"),
    (TLD, "example  pф рус онлайн сайт укр бел ком"),
    (WIDE_TLD, "test invalid dog dogs pet pets vet care studio store site website live life space tech blog cloud club coffee
        design fun fyi group guru help house homes ink land lol love media mobi name network news ninja one party photo
        photos pics pictures pink plus pro pub red rocks run services social software solutions systems team tips today tools
        top tours town toys training travel vip wiki world work works wtf zone berlin hamburg koeln cologne wien paris london
        amsterdam tirol swiss bayern nyc vegas madrid barcelona cat eus gal me app be at it nl to tv pro is se no fi lt lv ee
        si hr rs by kz lu li cl pe ve uy ec cr cu jp cn kr id th vn my sg ph hk tw za ng ke il ae sa eg ma tn gal
        family kids school fit gay health clinic doctor dental community center company agency business cards cash chat city
        click cool deals delivery direct directory domains earth email energy events expert express farm fish fitness florist
        flowers gallery garden gift gifts gold green holiday horse hospital how immo international kitchen lifestyle limited
        ltd market moe monster nrw online ooo party place plumbing properties rentals rest review reviews ruhr saarland salon
        sale show singles solar style support surf trade university vacations ventures video villas voyage watch wedding yoga
        haus hunde"),
    (NETWORK, "threads bluesky bsky reddit nextdoor youtube yt twitch pinterest mastodon bereal vsco tumblr cashtag tweets tweet
        vinted xbox psn fortnite onlyfans patreon substack vk вк вконтакте инст инста инсту инсте
        инстаграм* телега телегу телеге телеграм* тг twitter fbm messenger proton outlook snapim instam instagramım
        telegramım tiktokum wechat skype kik groupme zalo line insta ig snap"),
    (STATE, "bad down weak broken full private hacked locked gone dead boring not so too really very acting being all mostly just
        only public open new old better great good fine slow spotty terrible awful patchy on off here back blowing going
        working about still always never out low poor lost okay ok decent strong perfect that a the decision reaction getting
        empty deleted suspended banned blocked inactive quiet mainly basically nothing
        kaputt schlecht weg nicht leer voll schwach gut super langsam privat gesperrt gerade nur
        roto malo mala lleno llena bloqueado bloqueada privado privada muy vacío lento lenta fatal caído
        cassé mauvais mauvaise nul plein pleine très bloqué privé hors lent
        ruim péssimo cheio cheia fraco fraca bloqueado
        rotto lento pieno piena bloccato debole pessimo privato
        slecht kapot vol traag weg słaby zły pełny"),
    (CALLED, "as under called named como als unter come jako som под как sous alias aka nombre heiße heisse heiss heiß heet
        llamo chiamo appelle kallas hedder heter nazywam зовут channel kanal canal canale page profil profile
        account tag"),
    (FIND, "add adding follow following find search look suche such suchen finde findest findet folge adde busca búscame buscame
        búscanos encuentra encuéntrame encuentras agrega agrégame sigue sígueme cherche cherchez trouve trouves trouver ajoute
        suis suivez procura procure acha adiciona segue cerca cercami trova trovami trovi aggiungi aggiungimi seguimi zoek volg
        vind szukaj znajdź dodaj ищи найди найдёшь добавь ekle bul sök hitta søg"),
    (LETTERS, "letter letters buchstabe buchstaben letra letras lettre lettres lettera lettere litery liter bokstaver bokstäver bogstaver буквы букв harf harfleri písmena litere kirjaimet"),
    (CHAT, "wotsapp* wotsap* whatsi wossap* whazzap* whatsie whatsy"),
    (SOCIAL, "feis feisbuk feisbu"),
    (CLOCK, "uhr oclock heures heure horas hora ore uur godzinie часов часа saat klockan kcal cal gr gramm gramos grammes
        grammi gramas gram grams g kg ml mg"),
];
