package keyword

import (
	"slices"
	"strings"
)

// english are common English words that say nothing about a skill, and those of
// asking, counting and time. Words under 3 characters need no entry.
const english = `
able about above across after again against ago all almost along already also although always among and another any
anybody anymore anyone anything april are aren around ask asked august away
back bad because been before began behind being below best better between big bit both but
came can cannot cant check come comes could couldn
day days december did didn different does doesn doing don done dont down during
each easy either else enough evening ever every everybody everyone everything exactly example
february few find finding finds first five fix fixed fixes for four friday from further
gave get gets getting give given gives giving goes going gone good got great
had hadn has hasn have haven having help helps hence her here hers herself him himself his hour hours how however
idea important instead into isn its itself
january july june just
keep keeps kept kind know known
large last later least left less let lets like likely little long look looking looks lot lots
made main make makes making many may maybe might mine minute minutes monday month months more morning most much
multiple must mustn myself
near need needed needs neither never new next nice night nine nobody none nor not nothing november now
october off often old once one only onto other others our ours ourselves out over own
part people per perhaps person please possible problem put
quick quickly quite
rather ready real really right
said same saturday say says see seem seems seen september seven shall she short should shouldn simple since six small
some somebody someone something soon start started starts still such sunday sure
take taken takes task tasks tell ten than thank thanks that the their theirs them themselves then there therefore
these they thing things think this those though three through thursday thus till time times today tomorrow tonight
too took total toward towards try trying tuesday turn two
under understand unless until upon use used uses using
various very via
want wanted wants was wasn way wednesday week weeks well were weren what whatever when where whether which while who
whole whom whose why will with within without won work working works would wouldn
year years yes yesterday yet you your yours yourself yourselves`

// foreign are the commonest words of German, Spanish, French, Italian and
// Portuguese, without those that are English words for a skill.
const foreign = `
abbiamo aber afin ainsi alcuni algo alguem alguien algum alguma algun alguna algunos alguns alguém algún alla alle
allem allen aller alles allo alors als anche ancora andere anderen ante antes aos apres après aqui aquí asi assez
assim así auch auf aunque aus aussi autre autres avant avec aver avere avoir avons ayuda
beaucoup bei beim benotige benötige besoin bien bis bisogno bitte brauche brauchen busco
cada casi ceci cela celle celui ces cet cette ceux chaque che cherche chi cio cioe cioè ciò com comme como
con contra contro cosa cosas cosi così cual cuando cuanto cui cuál cómo
dabei dagli dai dal dalla dalle damit dann dans dar daran darauf daraus darf das dass davon dazu debe degli dei dein
deine del della delle dello dem den denen denn depuis der deren des desde deshalb despues después dessen deux deve
dich die dies diese diesem diesen dieser dieses doch doit donc donde dort dos dove duas due durante durch
ecc eher eigene ein eine einem einen einer eines einige ela elas ele ella ellas elle elles ellos encore entre
eran ero esa esas ese eso esos essa esse est esta estaba estan estar estas este estes esto estos está están etait
etre etwas euch euer était être
faire fait falls fare faut favor fazer foi fue für
gegen gern gibt gli gut gute guten
habe haben haber hace hacer hacia hai han hanno hasta hat hatte hay hier hilfe
ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ils immer isso ist isto
jamais jede jedem jeden jeder jedes jemand jemanden jetzt
kann keine keinen konnen konnte können könnte
las les leur leurs loro lors los lui
machen mais man mas mehr mein meine meinem meinen meiner mejor meme mes meu meus mia mich mie miei minha minhas mio
mir mis mit mochte moi moins molti molto mon mucho muchos muito muitos muss mussen muy más même möchte müssen
nach nada nao nas necesitamos necesito negli nei nel nella nelle nem nicht nichts ningun ningún noch noi non nos
nosotros nossa nossas nosso nossos nostra nostre nostri nostro notre nous nuestra nuestras nuestro nuestros num numa
nun nur não
oder ogni ohne oltre onde ont otra otras otro otros
par para parce pas pela pelas pelo pelos pendant perche perché pero peu peut peux piu più plus poco pode podem
podemos poi por porque pour pourquoi precisamos preciso puede pueden puedo puo può
qualcuno quale quali quand quando quanto que quel quella quelle quelles quelli quello quelqu quelque quels quem quero
questa queste questi questo qui quien quiero quisiera quoi qué
sans sao sehr sein seine seinem seinen seiner seit sem senza ser ses seu seulement seus siamo sich sido sie siempre
sin sind sobre soit soll sollen sollte sommes somos sono sont sous sowie soy sta sua suas suche suchen sue sul sulla
sulle suo suoi sur sus são
tambem tambien también também tanto tem temos tenemos tener tengo tenho ter tes tiene tienen toda todas todo
todos toi tous tout toute toutes tra tre tres trop très tutta tutte tutti tutto
uber uma umas una unas und une uno unos uns unser unsere unserem unseren unserer unter usted ustedes über
veces ver vers veux viel viele voce voces você vocês voici voila voilà vom von vor vorrei vos votre voudrais vous
wann warum weil welche welcher welches wenn wer werden wie wieder wir wird wurde wurden
zum zur zwei zwischen`

var stopList = slices.Compact(slices.Sorted(slices.Values(append(strings.Fields(english), strings.Fields(foreign)...))))

var stopWords = func() map[string]struct{} {
	m := make(map[string]struct{}, len(stopList))
	for _, w := range stopList {
		m[w] = struct{}{}
	}
	return m
}()

// StopWords returns the words that never count, in alphabetical order and folded.
func StopWords() []string { return slices.Clone(stopList) }

// IsStop reports whether a folded word never counts.
func IsStop(word string) bool {
	_, ok := stopWords[word]
	return ok
}
